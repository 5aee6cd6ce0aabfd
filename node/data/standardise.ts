import { PacelineError } from "../core/errors.ts";
import { type Dataset, type ExampleTensor, partLength } from "./dataset.ts";
import { Moments } from "./moments.ts";

/** What brings every feature of an input to mean 0 and standard deviation 1. */
export interface Scaling {
  /** One a feature. */
  readonly mean: Float64Array;
  /** One a feature, above 0; 1 for a feature that never changes. */
  readonly stddev: Float64Array;
}

/** One an input; undefined for inputs of integers, which are names and not amounts. */
export type Standardiser = readonly (Scaling | undefined)[];

/** Measures the features of the training part; what is held back must not be looked at. */
export function fitStandardiser({ inputs }: Dataset): Standardiser {
  return inputs.map(({ shape, values }) => {
    if (values instanceof Int32Array) return undefined;
    const moments = Array.from({ length: partLength(shape) }, () => new Moments());
    values.forEach((value, i) => (moments[i % moments.length] as Moments).add(value));
    return {
      mean: Float64Array.from(moments, ({ mean }) => mean),
      stddev: Float64Array.from(moments, ({ stddev }) => stddev),
    };
  });
}

/** A copy with every feature shifted and scaled. */
export function standardise(data: Dataset, standardiser: Standardiser): Dataset {
  if (standardiser.length !== data.inputs.length)
    throw new PacelineError(
      "bad-argument",
      `the standardiser is for ${standardiser.length} inputs, the data have ${data.inputs.length}`,
    );
  return { ...data, inputs: data.inputs.map((input, i) => scaled(input, standardiser[i])) };
}

function scaled({ shape, values }: ExampleTensor, scaling: Scaling | undefined): ExampleTensor {
  if (scaling === undefined || values instanceof Int32Array) return { shape, values };
  const { mean, stddev } = scaling;
  const width = partLength(shape);
  if (mean.length !== width)
    throw new PacelineError("bad-argument", `the standardiser has ${mean.length} features, the data ${width}`);
  const result = values.map((value, i) => (value - (mean[i % width] as number)) / (stddev[i % width] as number));
  return { shape, values: result };
}
