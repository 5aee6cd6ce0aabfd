import { existsSync, readFileSync, statSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { PacelineError, messageOf } from "../../core/errors.ts";
import { badData } from "../fault.ts";

/** @throws PacelineError `not-found` where there is nothing, `bad-input` where it is no plain file */
export function fileBytes(file: string): number {
  if (!existsSync(file)) throw new PacelineError("not-found", `there is no file ${file}`, { file });
  const status = statSync(file);
  if (!status.isFile()) throw badData({ file }, "it is not a file");
  return status.size;
}

/**
 * A file at once, unpacked where its name ends in `.gz`.
 * @param maximum bytes, unpacked; nothing larger is taken into memory
 * @throws PacelineError `not-found`, or `bad-input` where it is too large or its gzip stream is damaged
 */
export function readWholeFile(file: string, maximum: number): Buffer {
  if (fileBytes(file) > maximum) throw badData({ file }, `larger than ${maximum} bytes`);
  const bytes = readFileSync(file);
  if (!file.endsWith(".gz")) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maximum });
  } catch (error) {
    throw badData({ file }, `not a gzip file of at most ${maximum} bytes: ${messageOf(error)}`, error);
  }
}
