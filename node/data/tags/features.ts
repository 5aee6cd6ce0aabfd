import type { WordFeature } from "../contract/tags.ts";
import { bucketOf } from "../hash.ts";

const beginning =
  (length: number) =>
  (word: string): string =>
    Array.from(word.toLowerCase()).slice(0, length).join("");

const ending =
  (length: number) =>
  (word: string): string =>
    Array.from(word.toLowerCase()).slice(-length).join("");

/** A word that is shorter than a beginning or an ending is taken whole. */
const FEATURES: Readonly<Record<WordFeature, (word: string) => string>> = {
  word: (word) => word,
  lower: (word) => word.toLowerCase(),
  prefix2: beginning(2),
  prefix3: beginning(3),
  prefix4: beginning(4),
  suffix2: ending(2),
  suffix3: ending(3),
  suffix4: ending(4),
  shape: shapeOf,
};

/** Capitals as X, small letters as x, digits as d, the rest as it stands, and no run longer than two: `BRCA1-like` is `XXd-xx`. */
export function shapeOf(word: string): string {
  return word
    .replaceAll(/\p{Lu}/gu, "X")
    .replaceAll(/\p{Ll}/gu, "x")
    .replaceAll(/\p{Nd}/gu, "d")
    .replaceAll(/(.)\1{2,}/gsu, "$1$1");
}

/** Different words whose numbers are kept: texts repeat themselves. */
const CACHED_WORDS = 100_000;

/**
 * Numbers of a word's features, in their order, 1 … buckets − 1; Unicode's composed form (NFC) counts.
 * @returns a function that remembers what it has worked out
 */
export function wordHasher(features: readonly WordFeature[], buckets: number): (word: string) => readonly number[] {
  const cache = new Map<string, readonly number[]>();
  return (word) => {
    const known = cache.get(word);
    if (known !== undefined) return known;
    const composed = word.normalize("NFC");
    const hashed = features.map((feature) => bucketOf(`${feature} ${FEATURES[feature](composed)}`, buckets));
    if (cache.size === CACHED_WORDS) cache.clear();
    cache.set(word, hashed);
    return hashed;
  };
}
