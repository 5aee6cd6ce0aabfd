import { z } from "zod";
import { PacelineError } from "../../core/errors.ts";
import type { ExampleShape } from "../exampleShape.ts";
import type { Fitted } from "./fitted.ts";

/** Pictures of one size, each of one class: what a job says about its participants' image folders. */

/** Pixels a side of a picture may have. */
export const MAX_SIDE = 8192;
/** Pixels a picture may have: it is decoded whole, one after the other. */
export const MAX_PIXELS = 2 ** 24;

const MAX_CLASSES = 10_000;

const side = z.int().min(1).max(MAX_SIDE);
const className = z.string().min(1).max(200);

export const imagesContractSchema = z
  .strictObject({
    kind: z.literal("images"),
    /** Pixels. */
    height: side.optional(),
    width: side.optional(),
    /** 1 for grey, 3 for red, green and blue. */
    channels: z.union([z.literal(1), z.literal(3)]).optional(),
    /** Names of the sub-folders; for IDX files, what the labels 0, 1, … stand for. */
    classes: z
      .array(className)
      .min(2)
      .max(MAX_CLASSES)
      .refine((names) => new Set(names).size === names.length, "classes must differ")
      .optional(),
    /** What brings each channel's light, 0 … 1, to mean 0 and standard deviation 1. */
    scale: z
      .strictObject({ mean: z.array(z.number()).min(1).max(3), stddev: z.array(z.number().positive()).min(1).max(3) })
      .optional(),
    /** What is done with a picture of another size: it is a fault, or the box filter brings it to this one. */
    resize: z.enum(["reject", "box"]).default("reject"),
  })
  .superRefine(({ height = 1, width = 1, channels, scale }, context) => {
    const wrong = [scale?.mean, scale?.stddev].some((list) => list !== undefined && list.length !== channels);
    if (wrong) context.addIssue({ code: "custom", message: "scale has one mean and one stddev for each channel" });
    if (height * width > MAX_PIXELS) context.addIssue({ code: "custom", message: `more than ${MAX_PIXELS} pixels` });
  });

export type ImagesContract = z.infer<typeof imagesContractSchema>;

/** With all that a sample had to fill in. */
export type FittedImages = Fitted<ImagesContract, (typeof FITTED)[number]>;

const FITTED = ["height", "width", "channels", "classes", "scale"] as const;

/** Fields that still have to be fitted. */
export function missingInImages(contract: ImagesContract): readonly string[] {
  return FITTED.filter((field) => contract[field] === undefined);
}

/** @throws PacelineError `bad-input` naming what is not fitted yet */
export function fittedImages(contract: ImagesContract): FittedImages {
  const missing = missingInImages(contract);
  if (missing.length > 0)
    throw new PacelineError("bad-input", `the images have no ${missing.join(", ")} yet: fit the contract to a sample`);
  return contract as FittedImages;
}

/** @throws PacelineError `bad-input` where the size or the classes are not fitted yet */
export function imagesShape(contract: ImagesContract): ExampleShape {
  const { height, width, channels, classes } = fittedImages(contract);
  return {
    inputs: [{ type: "float32", shape: [height, width, channels] }],
    targets: { type: "int32", shape: [] },
    classes: classes.length,
  };
}
