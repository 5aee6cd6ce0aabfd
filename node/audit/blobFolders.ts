import { open, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Hex } from "../core/bytes.ts";
import { messageOf, PacelineError } from "../core/errors.ts";
import type { BlobSource, FoundBlob } from "./aggregates.ts";

/**
 * Blobs in folders: a daemon's (HOME/jobs/CHAIN-JOB/blobs), or an archive. `FOLDER/ab/abcd…` or `FOLDER/abcd…`, by root. A
 * daemon's files have heads with checksums before the blob; here only the root counts, so a file's last bytes are read as
 * they are.
 * @throws PacelineError `not-found`
 */
export async function openBlobFolders(folders: readonly string[]): Promise<BlobSource> {
  for (const folder of folders) {
    const found = await stat(folder).catch(() => undefined);
    if (found?.isDirectory() !== true)
      throw new PacelineError("not-found", `there is no folder of blobs at ${folder}: check the path`, { folder });
  }
  return {
    async read(root, length) {
      for (const folder of folders) {
        const found = await readFrom(folder, root, length);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

async function readFrom(folder: string, root: Hex, length: number): Promise<FoundBlob | undefined> {
  const name = root.slice(2);
  for (const where of [join(folder, name.slice(0, 2), name), join(folder, name)]) {
    const bytes = await readEnd(where, length);
    if (bytes !== undefined) return { bytes, where };
  }
  return undefined;
}

/** The last `length` bytes of a file, or all that it has. */
async function readEnd(path: string, length: number): Promise<Uint8Array | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const { size } = await file.stat();
    const bytes = new Uint8Array(Math.min(length, size));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, size - bytes.length);
    return bytes.subarray(0, bytesRead);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as { code?: string }).code ?? "")) return undefined;
    throw new PacelineError("storage-failed", `${path} cannot be read: ${messageOf(error)}`, { path }, error);
  } finally {
    await file?.close();
  }
}
