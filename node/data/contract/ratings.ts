import { z } from "zod";
import { PacelineError } from "../../core/errors.ts";
import type { ExampleShape } from "../exampleShape.ts";
import { columnName, rowFields } from "./rowFields.ts";

/** Who rated what and how: what a job says about its participants' rating triples. */

export const MAX_NAMES = 1_000_000;

/**
 * How a user's or an item's name becomes a number. Where names are numbers from 1 to N, or nearly so, `{ "count": N }` says it in a few
 * bytes; a list gives each name the place that it has there (10,000 items: some 60 kB in the job); `{ "buckets": B }` needs no agreement, and
 * lets those of one bucket share what is learnt (name · hash mod B).
 */
const naming = z.union([
  z
    .array(z.string().min(1).max(200))
    .min(1)
    .max(MAX_NAMES)
    .refine((names) => new Set(names).size === names.length, "names must differ"),
  z.strictObject({ count: z.int().min(1).max(MAX_NAMES) }),
  z.strictObject({ buckets: z.int().min(2).max(MAX_NAMES) }),
]);

export const ratingsContractSchema = z
  .strictObject({
    kind: z.literal("ratings"),
    userColumn: columnName,
    itemColumn: columnName,
    ratingColumn: columnName,
    users: naming.optional(),
    items: naming.optional(),
    /** A rating outside is a fault. */
    scale: z.strictObject({ minimum: z.number(), maximum: z.number() }),
    /** What is taken off every rating before it is learnt. */
    mean: z.number().optional(),
    ...rowFields,
  })
  .superRefine(({ scale, mean, userColumn, itemColumn, ratingColumn }, context) => {
    const refuse = (message: string): void => context.addIssue({ code: "custom", message });
    if (!(scale.minimum < scale.maximum)) refuse("scale: the minimum must be less than the maximum");
    if (mean !== undefined && !(mean >= scale.minimum && mean <= scale.maximum)) refuse("mean: outside the scale");
    if (new Set([userColumn, itemColumn, ratingColumn]).size < 3) refuse("user, item and rating are three columns");
  });

export type Naming = z.infer<typeof naming>;
export type RatingsContract = z.infer<typeof ratingsContractSchema>;

/** Fields that still have to be fitted. */
export function missingInRatings(contract: RatingsContract): readonly string[] {
  return (["users", "items", "mean"] as const).filter((field) => contract[field] === undefined);
}

/** A user's and an item's number; the rating as its distance from the mean. */
export function ratingsShape(): ExampleShape {
  return {
    inputs: [{ type: "int32", shape: [2] }],
    targets: { type: "float32", shape: [] },
    classes: 0,
  };
}

/**
 * Users or items that a model must have room for.
 * @throws PacelineError `bad-input` where the contract is not fitted yet
 */
export function nameCount(names: Naming | undefined): number {
  if (names === undefined)
    throw new PacelineError("bad-input", "users and items are not known yet: fit the contract to a sample");
  if (Array.isArray(names)) return names.length;
  return "count" in names ? names.count : names.buckets;
}
