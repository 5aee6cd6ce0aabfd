/** Blobs travel, are checked and are kept on the disk in chunks of this many bytes; measured best on one long-lived stream. */
export const CHUNK_BYTES = 1024 * 1024;

/** Chunks of a blob of `blobBytes`; all are CHUNK_BYTES long but the last. */
export function chunkCount(blobBytes: number): number {
  return Math.ceil(blobBytes / CHUNK_BYTES);
}

/** Length of chunk `index`, in bytes. */
export function chunkLength(blobBytes: number, index: number): number {
  return Math.min(CHUNK_BYTES, blobBytes - index * CHUNK_BYTES);
}

/** Chunk `index` of `blob`, a view. */
export function chunkOf(blob: Uint8Array, index: number): Uint8Array {
  return blob.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
}
