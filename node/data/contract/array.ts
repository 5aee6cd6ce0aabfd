import { z } from "zod";
import { PacelineError } from "../../core/errors.ts";
import type { ExampleShape } from "../exampleShape.ts";

/** Numbers that a program has prepared: what a job says about its participants' arrays, x for inputs and y for targets. */

/** Without the first axis, that of the examples. */
const shape = z
  .array(
    z
      .int()
      .min(1)
      .max(2 ** 24),
  )
  .max(6);

const targetSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("class"),
    shape: shape.optional(),
    /** Targets are 0 … classes − 1; −1 for padding where an example has several. */
    classes: z.int().min(2).max(10_000).optional(),
  }),
  z.strictObject({ type: z.literal("number"), shape: shape.optional() }),
]);

export const arrayContractSchema = z
  .strictObject({
    kind: z.literal("array"),
    /** float32 for measurements, int32 for numbers that stand for something, such as words. */
    type: z.enum(["float32", "int32"]).default("float32"),
    shape: shape.optional(),
    /** For int32: inputs are 0 … bound − 1. */
    bound: z.int().min(1).optional(),
    target: targetSchema.default({ type: "class" }),
    /** Whether each position on x's last axis is brought to mean 0 and standard deviation 1. */
    scale: z.enum(["none", "standardise"]).default("none"),
    /** One a position. */
    mean: z.array(z.number()).optional(),
    stddev: z.array(z.number().positive()).optional(),
  })
  .superRefine(({ type, scale, shape: sizes, mean, stddev, bound }, context) => {
    const refuse = (message: string): void => context.addIssue({ code: "custom", message });
    if (type === "int32" && scale === "standardise")
      refuse("int32 inputs stand for something; they are not standardised");
    if (type === "float32" && bound !== undefined) refuse("a bound is for int32 inputs");
    const positions = sizes === undefined ? mean?.length : (sizes.at(-1) ?? 1);
    if ([mean, stddev].some((list) => list !== undefined && list.length !== positions))
      refuse("mean and stddev have a number for each position on x's last axis");
  });

export type ArrayContract = z.infer<typeof arrayContractSchema>;

/** Fields that still have to be fitted. */
export function missingInArray(contract: ArrayContract): readonly string[] {
  const { type, shape: sizes, bound, target, scale, mean, stddev } = contract;
  return [
    ...(sizes === undefined ? ["shape"] : []),
    ...(type === "int32" && bound === undefined ? ["bound"] : []),
    ...(target.shape === undefined ? ["target.shape"] : []),
    ...(target.type === "class" && target.classes === undefined ? ["target.classes"] : []),
    ...(scale === "standardise" && mean === undefined ? ["mean"] : []),
    ...(scale === "standardise" && stddev === undefined ? ["stddev"] : []),
  ];
}

/** @throws PacelineError `bad-input` where shapes or classes are not fitted yet */
export function arrayShape({ type, shape: sizes, target }: ArrayContract): ExampleShape {
  const classes = target.type === "class" ? target.classes : 0;
  if (sizes === undefined || target.shape === undefined || classes === undefined)
    throw new PacelineError(
      "bad-input",
      "the arrays' shapes or classes are not known yet: fit the contract to a sample",
    );
  return {
    inputs: [{ type, shape: sizes }],
    targets: { type: target.type === "class" ? "int32" : "float32", shape: target.shape },
    classes,
  };
}
