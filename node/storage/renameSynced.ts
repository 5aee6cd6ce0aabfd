import { dirname } from "node:path";
import type { BlobFileSystem } from "./blobFileSystem.ts";

/** Renames, and syncs the folder: without that, a power failure may undo the rename. */
export async function renameSynced(fs: BlobFileSystem, from: string, to: string): Promise<void> {
  await fs.rename(from, to);
  // Windows opens no folders, and needs no sync of one.
  const folder = await fs.open(dirname(to), "r").catch(() => undefined);
  try {
    await folder?.sync();
  } finally {
    await folder?.close();
  }
}
