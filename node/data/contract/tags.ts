import { z } from "zod";
import { PacelineError } from "../../core/errors.ts";
import type { ExampleShape } from "../exampleShape.ts";
import { bucketCount, DEFAULT_BUCKETS } from "./buckets.ts";

/** Sentences with a tag for every word, in BIO or another scheme: what a job says about its participants' CoNLL files. */

export const MAX_TAGS = 1000;

/** What is known of a word; see features.ts. */
export const WORD_FEATURES = [
  "word",
  "lower",
  "prefix2",
  "prefix3",
  "prefix4",
  "suffix2",
  "suffix3",
  "suffix4",
  "shape",
] as const;

export type WordFeature = (typeof WORD_FEATURES)[number];

/** Measured on NCBI disease: endings carry more than beginnings, and the word as written adds nothing to these. */
const USUAL_FEATURES: WordFeature[] = ["lower", "suffix2", "suffix3", "suffix4", "prefix3", "prefix4", "shape"];

const distinct = (values: readonly unknown[]): boolean => new Set(values).size === values.length;

export const tagsContractSchema = z.strictObject({
  kind: z.literal("tags"),
  /** In the order of their classes. */
  tags: z.array(z.string().min(1).max(100)).min(2).max(MAX_TAGS).refine(distinct, "tags must differ").optional(),
  /** Columns of a line, from 1; the tag is in the last one where it is not said. */
  wordColumn: z.int().min(1).max(100).default(1),
  tagColumn: z.int().min(1).max(100).optional(),
  features: z.array(z.enum(WORD_FEATURES)).min(1).refine(distinct, "features must differ").default(USUAL_FEATURES),
  buckets: bucketCount.default(DEFAULT_BUCKETS),
  /**
   * `window`: an example is a word with those around it; for models that look at one place at a time. `sequence`: an example is a
   * sentence; for recurrent ones.
   */
  form: z.enum(["window", "sequence"]).default("window"),
  /** For `window`: words on either side. */
  window: z.int().min(0).max(10).default(2),
  /** For `sequence`: words of an example; a longer sentence becomes several. */
  length: z.int().min(1).max(4096).default(64),
});

export type TagsContract = z.infer<typeof tagsContractSchema>;

/** Fields that still have to be fitted. */
export function missingInTags({ tags }: TagsContract): readonly string[] {
  return tags === undefined ? ["tags"] : [];
}

/** @throws PacelineError `bad-input` where the tags are not fitted yet */
export function tagsShape({ tags, form, window, length, features }: TagsContract): ExampleShape {
  if (tags === undefined)
    throw new PacelineError("bad-input", "the tags are not known yet: fit the contract to a sample");
  const [input, target] =
    form === "window" ? [[(2 * window + 1) * features.length], []] : [[length, features.length], [length]];
  return {
    inputs: [{ type: "int32", shape: input }],
    targets: { type: "int32", shape: target },
    classes: tags.length,
  };
}
