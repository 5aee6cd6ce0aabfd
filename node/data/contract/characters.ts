import { z } from "zod";
import { PacelineError } from "../../core/errors.ts";
import type { ExampleShape } from "../exampleShape.ts";

/** Running text of which each next character is to be told: what a job says about its participants' texts. */

export const MAX_VOCABULARY = 10_000;

export const charactersContractSchema = z
  .strictObject({
    kind: z.literal("characters"),
    /** The characters that there are, a Unicode code point each, in the order of their classes; the end of a line, \n, is one. */
    vocabulary: z
      .string()
      .refine((text) => new Set(text).size === Array.from(text).length, "characters must differ")
      .refine(
        (text) => new Set(text).size >= 2 && new Set(text).size <= MAX_VOCABULARY,
        `2 to ${MAX_VOCABULARY} characters`,
      )
      .optional(),
    /** Characters of an example. */
    length: z.int().min(1).max(4096).default(80),
    /** Characters from the beginning of an example to that of the next; as many as it has where not said, so that none overlap. */
    stride: z.int().min(1).max(4096).optional(),
    /** What is done with a character that is not in the vocabulary: it is a fault, or left out. */
    unknown: z.enum(["reject", "skip"]).default("reject"),
    /**
     * Whether the text is a play: speeches with a blank line between, each under a line `SPEAKER:`. What one speaker says is then
     * a text and a group of its own, and the speakers' names are not learnt.
     */
    speakers: z.boolean().default(false),
  })
  .refine(({ stride = 1, length }) => stride <= length, "stride: no longer than length, so that nothing is left out");

export type CharactersContract = z.infer<typeof charactersContractSchema>;

/** Fields that still have to be fitted. */
export function missingInCharacters({ vocabulary }: CharactersContract): readonly string[] {
  return vocabulary === undefined ? ["vocabulary"] : [];
}

/** @throws PacelineError `bad-input` where the vocabulary is not fitted yet */
export function charactersShape({ vocabulary, length }: CharactersContract): ExampleShape {
  if (vocabulary === undefined)
    throw new PacelineError("bad-input", "the vocabulary is not known yet: fit the contract to a sample");
  return {
    inputs: [{ type: "int32", shape: [length] }],
    targets: { type: "int32", shape: [length] },
    classes: Array.from(vocabulary).length,
  };
}
