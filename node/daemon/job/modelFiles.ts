import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { PacelineError } from "../../core/errors.ts";
import { diskError } from "../../storage/diskError.ts";
import type { FileModel } from "../../training/formats/fileModel.ts";
import {
  describeFileModel,
  openFileModel,
  type FileModelChoice,
  type FileModelSpec,
} from "../../training/formats/fileModelSpec.ts";
import { weightFilesOf } from "../../training/formats/keras/kerasFile.ts";
import { MAX_FILE_BYTES } from "../../training/formats/onnx/decode.ts";

/** Models in files on the disk. */

/**
 * The model that a job names by its file.
 * @param folder where the job file lies
 * @throws PacelineError `not-found`; `bad-input` or `unsupported` naming the file and what is wrong with it
 */
export function openModelFile(spec: FileModelSpec, folder: string): FileModel {
  return openFileModel(spec, readModelFiles(spec.kind, join(folder, spec.file)));
}

/**
 * What a job file says of a model in a file.
 * @param path of the model's file; `choice.file` is its name
 * @throws as `openModelFile`
 */
export function describeModelFile(choice: FileModelChoice, path: string): FileModelSpec {
  return describeFileModel(choice, readModelFiles(choice.kind, path));
}

/** The file, and the weight files beside it that it names. */
function readModelFiles(kind: FileModelSpec["kind"], path: string): readonly Uint8Array[] {
  const file = readModelFile(path);
  if (kind === "onnx") return [file];
  return [file, ...weightFilesOf(file).map((name) => readModelFile(join(dirname(path), name)))];
}

function readModelFile(path: string): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size > MAX_FILE_BYTES)
      throw new PacelineError("bad-input", `${path} has ${size} bytes; at most ${MAX_FILE_BYTES} are read`);
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new PacelineError(
        "not-found",
        `there is no model file at ${path}: check the path, or get it from the job's sponsor`,
        {
          path,
        },
      );
    if (code === "EISDIR")
      throw new PacelineError("bad-input", `${path} is a folder: give the model's file itself`, { path });
    throw diskError(path, error);
  }
}
