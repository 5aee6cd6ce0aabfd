import { readFileSync, statSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { PacelineError, messageOf } from "../../core/errors.ts";
import { badData } from "../fault.ts";

/**
 * Does what needs the disk.
 * @throws PacelineError `not-found` where nothing is at `path`, `bad-input` where it cannot be read
 */
export function fromDisk<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof PacelineError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new PacelineError("not-found", `there is no ${path}`, { file: path }, error);
    throw badData({ file: path }, `it cannot be read: ${messageOf(error)}`, error);
  }
}

/** @throws PacelineError `not-found` where there is nothing, `bad-input` where it is no plain file */
export function fileBytes(file: string): number {
  const status = fromDisk(file, () => statSync(file));
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
  const bytes = fromDisk(file, () => readFileSync(file));
  if (!file.endsWith(".gz")) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maximum });
  } catch (error) {
    throw badData({ file }, `not a gzip file of at most ${maximum} bytes: ${messageOf(error)}`, error);
  }
}
