import type { TagsContract } from "../contract/tags.ts";
import type { Growing } from "../growing.ts";

/** A sentence's words as the numbers of their features, and the classes of their tags. */
export interface HashedSentence {
  readonly words: readonly (readonly number[])[];
  readonly classes: readonly number[];
}

export interface GrowingExamples {
  readonly inputs: Growing<Int32Array>;
  readonly targets: Growing<Int32Array>;
}

/** Appends a sentence's examples and says how many there are. */
export type Layout = (sentence: HashedSentence, contract: TagsContract, examples: GrowingExamples) => number;

/** An example a word: the features of the words around it and its own, from left to right; 0 beyond the sentence. */
export const layWindows: Layout = ({ words, classes }, { window, features }, { inputs, targets }) => {
  const beyond = features.map(() => 0);
  words.forEach((_, i) => {
    for (let k = i - window; k <= i + window; k++) for (const id of words[k] ?? beyond) inputs.push(id);
    targets.push(classes[i] as number);
  });
  return words.length;
};

/** An example for every `length` words: nothing of a long sentence is lost but what its pieces would know of each other. */
export const laySequences: Layout = ({ words, classes }, { length, features }, { inputs, targets }) => {
  const padding = features.map(() => 0);
  let pieces = 0;
  for (let from = 0; from < words.length; from += length, pieces++) {
    for (let i = from; i < from + length; i++) {
      for (const id of words[i] ?? padding) inputs.push(id);
      targets.push(classes[i] ?? -1);
    }
  }
  return pieces;
};
