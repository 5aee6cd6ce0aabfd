const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * FNV-1a of 32 bits (Fowler, Noll and Vo; RFC 9923) over a text's UTF-8 bytes: the same on every machine, and good enough to
 * spread words over buckets. Not against those who look for collisions.
 * @returns 0 … 2^32 − 1
 */
export function fnv1a(text: string): number {
  let hash = OFFSET_BASIS;
  const add = (byte: number): void => {
    hash = Math.imul(hash ^ byte, PRIME);
  };
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i) as number;
    if (point < 0x80) add(point);
    else if (point < 0x800) {
      add(0xc0 | (point >> 6));
      add(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
      add(0xe0 | (point >> 12));
      add(0x80 | ((point >> 6) & 0x3f));
      add(0x80 | (point & 0x3f));
    } else {
      add(0xf0 | (point >> 18));
      add(0x80 | ((point >> 12) & 0x3f));
      add(0x80 | ((point >> 6) & 0x3f));
      add(0x80 | (point & 0x3f));
      i++; // the second half of a surrogate pair
    }
  }
  return hash >>> 0;
}

/**
 * The number of a feature in an embedding (the hashing trick: Weinberger et al., "Feature Hashing for Large Scale Multitask
 * Learning", 2009), without a list of features that participants would have to agree on.
 * @returns 1 … buckets − 1; 0 is padding
 */
export function bucketOf(feature: string, buckets: number): number {
  return 1 + (fnv1a(feature) % (buckets - 1));
}
