import { CHUNK_BYTES } from "../../core/chunks.ts";
import { PacelineError } from "../../core/errors.ts";
import { treeDepth } from "../../core/merkle.ts";
import type { BlobShape } from "../network.ts";

const MIN_LEAF_BYTES = 32;
const MAX_LEAF_BYTES = 4096;

export function isLeafSize(leafBytes: number): boolean {
  return leafBytes >= MIN_LEAF_BYTES && leafBytes <= MAX_LEAF_BYTES && (leafBytes & (leafBytes - 1)) === 0;
}

/** Levels of the tree inside a full chunk, which has a power of two of leaves. */
export function chunkHeight(leafBytes: number): number {
  return Math.log2(CHUNK_BYTES / leafBytes);
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
