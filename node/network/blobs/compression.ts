import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";
import type { Hex } from "../../core/bytes.ts";

/**
 * Updates of small integers shrink to a third or a half (docs/decisions.md). Level 1: the higher ones are two to five times
 * as slow and gain a twentieth.
 */
const OPTIONS = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/**
 * Below this it pays to compress: the codec is ten times as fast, so that a busy machine is not made busier. In bytes a
 * millisecond (16 MB/s).
 */
export const SLOW_LINK = 16_000;

/** What compresses to more than this is sent as it is. */
const WORTH_IT = 0.9;

const compressAsync = promisify(zstdCompress);
const decompressAsync = promisify(zstdDecompress);

/** Blobs that are remembered for not compressing well. */
const MAX_REMEMBERED = 256;

/** Compresses chunks of blobs, and tries no blob twice that does not shrink. */
export class Compressor {
  readonly #incompressible = new Set<Hex>();

  /** The compressed bytes of a chunk of the blob `root`; undefined where that saves too little. */
  async compressed(root: Hex, chunk: Uint8Array): Promise<Uint8Array | undefined> {
    if (this.#incompressible.has(root)) return undefined;
    const smaller = await compressAsync(chunk, OPTIONS);
    if (smaller.length <= chunk.length * WORTH_IT) return smaller;
    this.#incompressible.add(root);
    if (this.#incompressible.size > MAX_REMEMBERED)
      this.#incompressible.delete(this.#incompressible.values().next().value as Hex);
    return undefined;
  }
}

/** Decompresses into `target`, and never to more than its length. False for what is not zstd, or of another length. */
export async function decompressedInto(bytes: Uint8Array, target: Uint8Array): Promise<boolean> {
  try {
    const plain = await decompressAsync(bytes, { maxOutputLength: target.length });
    if (plain.length !== target.length) return false;
    target.set(plain);
    return true;
  } catch {
    return false;
  }
}
