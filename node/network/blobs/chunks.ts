import { treeDepth } from "../../core/merkle.ts";
import { PacelineError } from "../../core/errors.ts";
import type { BlobShape } from "../network.ts";

/** A chunk is the largest power-of-two number of leaves that fits into this many bytes; measured best on one long-lived stream. */
export const CHUNK_BYTES = 1024 * 1024;
const MIN_LEAF_BYTES = 32;
const MAX_LEAF_BYTES = 4096;

export function isLeafSize(leafBytes: number): boolean {
  return leafBytes >= MIN_LEAF_BYTES && leafBytes <= MAX_LEAF_BYTES && (leafBytes & (leafBytes - 1)) === 0;
}

/** Levels of the tree inside a full chunk: log2 of its leaves. */
export function chunkHeight(leafBytes: number): number {
  return Math.log2(CHUNK_BYTES / leafBytes);
}

/** Chunks of a blob of `blobBytes`; all are CHUNK_BYTES long but the last. */
export function chunkCount(blobBytes: number): number {
  return Math.ceil(blobBytes / CHUNK_BYTES);
}

/** Length of chunk `index`, in bytes. */
export function chunkLength(blobBytes: number, index: number): number {
  return Math.min(CHUNK_BYTES, blobBytes - index * CHUNK_BYTES);
}

/** @throws PacelineError `bad-argument` for a shape that no blob has, or one larger than this peer accepts */
export function checkShape(shape: BlobShape, maxBlobBytes: number): void {
  if (!/^0x[0-9a-f]{64}$/.test(shape.root)) throw new PacelineError("bad-argument", `${shape.root} is no Merkle root`);
  if (!isLeafSize(shape.leafBytes)) {
    throw new PacelineError(
      "bad-argument",
      `leaves have a power of two of ${MIN_LEAF_BYTES} to ${MAX_LEAF_BYTES} bytes, got ${shape.leafBytes}`,
    );
  }
  treeDepth(shape.leafCount); // checks the range
  const bytes = shape.leafBytes * shape.leafCount;
  if (bytes > maxBlobBytes) {
    throw new PacelineError(
      "bad-argument",
      `a blob of ${bytes} bytes is larger than the ${maxBlobBytes} this peer accepts`,
      { bytes, maxBlobBytes },
    );
  }
}
