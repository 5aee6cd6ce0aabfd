import { z } from "zod";
import { PacelineError } from "../../core/errors.ts";
import type { ExampleShape } from "../exampleShape.ts";
import { bucketCount, DEFAULT_BUCKETS } from "./buckets.ts";
import type { Fitted } from "./fitted.ts";
import { columnName, rowFields } from "./rowFields.ts";

/** Rows with a text and a class: what a job says about its participants' sentences, messages or reports. */

const MAX_CLASSES = 1000;

const gramLength = z.int().min(1).max(10);

export const textContractSchema = z
  .strictObject({
    kind: z.literal("text"),
    textColumn: columnName,
    label: z.strictObject({
      column: columnName,
      classes: z
        .array(z.string().min(1).max(200))
        .min(2)
        .max(MAX_CLASSES)
        .refine((names) => new Set(names).size === names.length, "classes must differ")
        .optional(),
    }),
    /** The parts of a text that count; see ngrams.ts. */
    ngrams: z
      .strictObject({
        /** Words, or words and pairs of neighbours. */
        words: z.union([z.literal(1), z.literal(2)]).default(2),
        /** Stretches of characters within words, from the shortest to the longest, for what has many endings or typing errors. */
        characters: z.tuple([gramLength, gramLength]).optional(),
      })
      .default({ words: 2 }),
    buckets: bucketCount.default(DEFAULT_BUCKETS),
    lowercase: z.boolean().default(true),
    /** n-grams that an example has room for: those of a longer text that come last are left out. */
    length: z.int().min(1).max(4096).default(128),
    /** The column that says who an example comes from. */
    group: columnName.optional(),
    ...rowFields,
  })
  .superRefine(({ textColumn, label, ngrams }, context) => {
    const refuse = (message: string): void => context.addIssue({ code: "custom", message });
    if (textColumn === label.column) refuse(`column "${textColumn}" cannot be both the text and the label`);
    if (ngrams.characters !== undefined && ngrams.characters[0] > ngrams.characters[1])
      refuse("characters: the shortest comes first");
  });

export type TextContract = z.infer<typeof textContractSchema>;
export type FittedText = TextContract & { readonly label: Fitted<TextContract["label"], "classes"> };

/** Fields that still have to be fitted. */
export function missingInText({ label }: TextContract): readonly string[] {
  return label.classes === undefined ? ["label.classes"] : [];
}

/** @throws PacelineError `bad-input` where the classes are not fitted yet */
export function textShape({ label, length }: TextContract): ExampleShape {
  if (label.classes === undefined)
    throw new PacelineError("bad-input", `label "${label.column}" has no classes yet: fit the contract to a sample`);
  return {
    inputs: [{ type: "int32", shape: [length] }],
    targets: { type: "int32", shape: [] },
    classes: label.classes.length,
  };
}
