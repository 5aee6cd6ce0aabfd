import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";

/**
 * Updates of small integers shrink to a third or a half (docs/decisions.md). Level 1: the higher ones are two to five times
 * as slow and gain a twentieth.
 */
const OPTIONS = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Below this a link is slower than the codec, with a margin: it pays to compress. In bytes a millisecond (40 MB/s). */
export const SLOW_LINK = 40_000;

/** What compresses to more than this is sent as it is. */
const WORTH_IT = 0.9;

const compressAsync = promisify(zstdCompress);
const decompressAsync = promisify(zstdDecompress);

/** The compressed bytes; undefined where that saves too little. */
export async function compressed(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const smaller = await compressAsync(bytes, OPTIONS);
  return smaller.length <= bytes.length * WORTH_IT ? smaller : undefined;
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
