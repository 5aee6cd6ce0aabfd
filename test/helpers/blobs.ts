import { buildTree } from "../../node/core/merkle.ts";
import { seededRandom } from "../../node/core/random.ts";
import type { BlobShape } from "../../node/network/network.ts";

/** A blob of random bytes and its shape. */
export function randomBlob(
  leafCount: number,
  leafBytes: number,
  seed: number,
): { readonly bytes: Uint8Array; readonly shape: BlobShape } {
  const random = seededRandom(seed);
  const bytes = new Uint8Array(leafCount * leafBytes);
  new Uint32Array(bytes.buffer).forEach((_, i, words) => (words[i] = random.uint32()));
  return { bytes, shape: { root: buildTree(bytes, leafBytes).root, leafBytes, leafCount } };
}
