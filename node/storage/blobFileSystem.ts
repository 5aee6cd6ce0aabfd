import type * as fsPromises from "node:fs/promises";

/** What blobs need of node:fs/promises; tests put faults in between. */
export type BlobFileSystem = Pick<
  typeof fsPromises,
  "mkdir" | "open" | "readdir" | "rename" | "unlink" | "statfs" | "readFile"
>;
