import { z } from "zod";
import { PacelineError } from "../../core/errors.ts";
import { fileModelSchema, isFileModel } from "../../training/formats/fileModelSpec.ts";
import { parameterCount, type Model } from "../../training/models/model.ts";
import { zooModel, zooSchema } from "../../training/models/zooSpec.ts";
import { openModelFile } from "./modelFiles.ts";

/** The model that a job file names: one of the zoo by its sizes, or a file by its hash. */

export const modelSpecSchema = z.discriminatedUnion("kind", [...zooSchema.options, ...fileModelSchema.options]);
export type ModelSpec = z.infer<typeof modelSpecSchema>;

/** Length of the job's vectors. */
export function parameterCountOf(spec: ModelSpec): number {
  return isFileModel(spec) ? spec.parameters : parameterCount(zooModel(spec));
}

/**
 * @param folder where the job file lies: model files are beside it
 * @param classWeights what an example of each class counts in the loss
 * @throws PacelineError `not-found` or `bad-input` where the model's file is missing, or is not the one that the job names
 */
export function openJobModel(spec: ModelSpec, folder: string, classWeights?: readonly number[]): Model {
  const model = isFileModel(spec) ? openModelFile(spec, folder).model : zooModel(spec);
  return classWeights === undefined ? model : weighted(model, classWeights);
}

function weighted(model: Model, classWeights: readonly number[]): Model {
  const { loss, targets } = model;
  if (loss.kind !== "softmax-cross-entropy" || classWeights.length !== targets.classes)
    throw new PacelineError(
      "bad-input",
      `task.classWeights are ${classWeights.length}, and the model tells ${loss.kind === "softmax-cross-entropy" ? `${targets.classes} classes` : "no classes by a softmax"}`,
    );
  return { ...model, loss: { kind: "softmax-cross-entropy", classWeights } };
}

/** For people: the kind, and what its layers have. */
export function describeModel(spec: ModelSpec): string {
  switch (spec.kind) {
    case "mlp":
      return `mlp ${[spec.inputs, ...spec.hidden, Math.max(1, spec.classes)].join("-")}`;
    case "softmax-regression":
      return `softmax-regression ${spec.inputs}-${spec.classes}`;
    case "onnx":
    case "keras":
      return `${spec.kind} ${spec.file}`;
    default:
      return spec.kind;
  }
}
