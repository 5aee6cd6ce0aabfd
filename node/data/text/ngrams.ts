import type { TextContract } from "../contract/text.ts";
import { bucketOf } from "../hash.ts";

/** Letters, marks and digits of any script, with apostrophes inside: `don't` is one word, `well-kept` are two. */
const WORD = /[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*/gu;

/** The words of a text, in Unicode's composed form (NFC). */
export function wordsOf(text: string, lowercase: boolean): readonly string[] {
  const composed = text.normalize("NFC").replaceAll("’", "'");
  return (lowercase ? composed.toLowerCase() : composed).match(WORD) ?? [];
}

/**
 * The parts of a text, in the order in which they are kept where there are too many: words, then pairs of neighbours, then
 * stretches of characters, in which `<` and `>` stand for a word's ends (Bojanowski et al., "Enriching Word Vectors with Subword
 * Information", 2017). Each as often as it occurs.
 */
export function* ngramsOf(words: readonly string[], ngrams: TextContract["ngrams"]): Generator<string> {
  for (const word of words) yield `word ${word}`;
  if (ngrams.words === 2) for (let i = 1; i < words.length; i++) yield `pair ${words[i - 1]} ${words[i]}`;
  const [shortest, longest] = ngrams.characters ?? [1, 0];
  for (const word of shortest <= longest ? words : []) {
    const characters = ["<", ...Array.from(word), ">"];
    for (let size = shortest; size <= longest; size++)
      for (let at = 0; at + size <= characters.length; at++)
        yield `characters ${characters.slice(at, at + size).join("")}`;
  }
}

/** @returns at most `length` buckets, 1 … buckets − 1; their order means nothing */
export function hashText(text: string, { ngrams, buckets, lowercase, length }: TextContract): readonly number[] {
  const hashed: number[] = [];
  for (const ngram of ngramsOf(wordsOf(text, lowercase), ngrams)) {
    if (hashed.length === length) break;
    hashed.push(bucketOf(ngram, buckets));
  }
  return hashed;
}
