import { CHUNK_BYTES } from "../../core/chunks.ts";
import { PacelineError } from "../../core/errors.ts";
import { AGGREGATE_LEAF_BYTES, UPDATE_LEAF_BYTES } from "../../core/fixedPoint.ts";
import { treeDepth } from "../../core/merkle.ts";
import type { BlobShape } from "../network.ts";

/** Leaves of all blobs of a job: of its updates, and of its aggregates and checkpoints. Nobody has a holder hash a blob for another size. */
const LEAF_SIZES: readonly number[] = [UPDATE_LEAF_BYTES, AGGREGATE_LEAF_BYTES];

export function isLeafSize(leafBytes: number): boolean {
  return LEAF_SIZES.includes(leafBytes);
}

/** Levels of the tree inside a full chunk, which has a power of two of leaves. */
export function chunkHeight(leafBytes: number): number {
  return Math.log2(CHUNK_BYTES / leafBytes);
}

/** @throws PacelineError `bad-argument` for a shape that no blob has, or one larger than this peer accepts */
export function checkShape(shape: BlobShape, maxBlobBytes: number): void {
  if (!/^0x[0-9a-f]{64}$/.test(shape.root)) throw new PacelineError("bad-argument", `${shape.root} is no Merkle root`);
  if (!isLeafSize(shape.leafBytes)) {
    throw new PacelineError("bad-argument", `leaves have ${LEAF_SIZES.join(" or ")} bytes, got ${shape.leafBytes}`);
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
