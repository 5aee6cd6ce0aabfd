import { parameterCount, type Model } from "../training/models/model.ts";
import { zooModel, zooSchema, type ZooSpec } from "../training/models/zooSpec.ts";

/** The model that a job file names: one of the zoo by its sizes, or a file by its hash. */

export const modelSpecSchema = zooSchema;
export type ModelSpec = ZooSpec;

/** Length of the job's vectors. */
export function parameterCountOf(spec: ModelSpec): number {
  return parameterCount(zooModel(spec));
}

/**
 * @param folder where the job file lies: model files are beside it
 * @param classWeights what an example of each class counts in the loss
 * @throws PacelineError `not-found` or `bad-input` where the model's file is missing, or is not the one that the job names
 */
export function openJobModel(spec: ModelSpec, _folder: string, classWeights?: readonly number[]): Model {
  const model = zooModel(spec);
  return classWeights === undefined ? model : { ...model, loss: { kind: "softmax-cross-entropy", classWeights } };
}

/** For people: the kind, and what its layers have. */
export function describeModel(spec: ModelSpec): string {
  switch (spec.kind) {
    case "mlp":
      return `mlp ${[spec.inputs, ...spec.hidden, Math.max(1, spec.classes)].join("-")}`;
    case "softmax-regression":
      return `softmax-regression ${spec.inputs}-${spec.classes}`;
    default:
      return spec.kind;
  }
}
