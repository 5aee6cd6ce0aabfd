import { createHash } from "node:crypto";
import { z } from "zod";
import { type Hex, toHex } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { parameterCount } from "../models/model.ts";
import { MAX_PARAMETERS } from "../models/zooSpec.ts";
import type { FileModel } from "./fileModel.ts";
import { importKeras } from "./keras/importModel.ts";
import { importOnnx } from "./onnx/importModel.ts";

/** A model that a job brings along as a file, as job.json says it: by the file's hash, so that all train the same one. */

/** Beside the job file: no path leads elsewhere. */
const fileName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_. -]{0,199}$/, "expected the name of a file beside the job file, without folders");
const sha256 = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/, "expected a sha-256 hash: 0x and 64 lowercase hexadecimal digits")
  .transform((text) => text as Hex);

const common = {
  file: fileName,
  /** Of the model's file; for `keras`, of the model.json and its weight files behind each other, in the order of its manifest. */
  sha256,
  /** Length of the vectors that participants exchange. */
  parameters: z.int().min(1).max(MAX_PARAMETERS),
  /** By default what the final activation fits; without one, softmax-cross-entropy, or mean-squared-error for a single output. */
  loss: z.enum(["softmax-cross-entropy", "binary-cross-entropy", "mean-squared-error"]).optional(),
  /** Shape of one example, by the name of the input, where the file leaves sizes open. */
  inputShapes: z.record(z.string(), z.array(z.int().min(1).max(65_536)).max(7)).optional(),
};

export const onnxModelSchema = z.strictObject({
  kind: z.literal("onnx"),
  ...common,
  /** Name of the output that is trained, where the file has several of numbers. */
  output: z.string().min(1).max(1000).optional(),
  /** Initialisers that stay as they are. */
  frozen: z.array(z.string().min(1).max(1000)).max(10_000).optional(),
});

export const kerasModelSchema = z.strictObject({ kind: z.literal("keras"), ...common });

export const fileModelSchema = z.discriminatedUnion("kind", [onnxModelSchema, kerasModelSchema]);
export type FileModelSpec = z.infer<typeof fileModelSchema>;

/** Whether a job's model is one in a file, and not one of the zoo. */
export function isFileModel(model: { readonly kind: string }): model is FileModelSpec {
  return model.kind === "onnx" || model.kind === "keras";
}

/** A spec without what is worked out from the files. */
export type FileModelChoice =
  | Omit<z.infer<typeof onnxModelSchema>, "sha256" | "parameters">
  | Omit<z.infer<typeof kerasModelSchema>, "sha256" | "parameters">;

/** sha-256 of the files' bytes behind each other. */
export function modelFilesHash(files: readonly Uint8Array[]): Hex {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file);
  return toHex(hash.digest());
}

/**
 * The spec of a model in files, for a job file.
 * @param files the model's file; for `keras` followed by its weight files (`weightFilesOf`)
 */
export function describeFileModel(choice: FileModelChoice, files: readonly Uint8Array[]): FileModelSpec {
  const { model } = read(choice, files);
  return { ...choice, sha256: modelFilesHash(files), parameters: parameterCount(model) };
}

/**
 * Opens the model that a job names.
 * @param files as for `describeFileModel`
 * @throws PacelineError `bad-input` where the files are not those that the job names, or the model cannot be read
 */
export function openFileModel(spec: FileModelSpec, files: readonly Uint8Array[]): FileModel {
  const hash = modelFilesHash(files);
  if (hash !== spec.sha256)
    throw new PacelineError(
      "bad-input",
      `${spec.file} is not the model file of this job, or was tampered with: its sha-256 is ${hash}, the job says ${spec.sha256}; get it from the sponsor`,
      { hash, expected: spec.sha256 },
    );
  const opened = read(spec, files);
  const count = parameterCount(opened.model);
  if (count !== spec.parameters)
    throw new PacelineError(
      "bad-input",
      `the model in ${spec.file} has ${count} parameters that are trained, the job says ${spec.parameters}`,
    );
  return opened;
}

function read(choice: FileModelChoice, files: readonly Uint8Array[]): FileModel {
  const [file, ...weights] = files;
  if (file === undefined) throw new PacelineError("bad-argument", "no model file was given");
  try {
    return choice.kind === "onnx" ? importOnnx(file, choice) : importKeras(file, weights, choice);
  } catch (error) {
    if (!(error instanceof PacelineError)) throw error;
    throw new PacelineError(error.code, `${choice.file}: ${error.message}`, error.facts, error);
  }
}
