import { PacelineError } from "../core/errors.ts";
import type { Dataset } from "./dataset.ts";

/** What brings each feature to mean 0 and standard deviation 1. */
export interface Standardiser {
  /** One a feature. */
  readonly mean: Float64Array;
  /** One a feature, above 0; 1 for a feature that never changes. */
  readonly stddev: Float64Array;
}

/** A spread below this share of the mean is float32's rounding, not a feature that changes. */
const CONSTANT = 1e-7;

/** Measures the features of the training part; what is held back must not be looked at. */
export function fitStandardiser(train: Dataset): Standardiser {
  const mean = columnMeans(train, (value) => value);
  const variance = columnMeans(train, (value, column) => (value - (mean[column] as number)) ** 2);
  const stddev = variance.map((value, column) => {
    const root = Math.sqrt(value);
    return root > CONSTANT * Math.abs(mean[column] as number) ? root : 1;
  });
  return { mean, stddev };
}

/** A copy with every feature shifted and scaled. */
export function standardise(data: Dataset, { mean, stddev }: Standardiser): Dataset {
  if (mean.length !== data.width)
    throw new PacelineError("bad-argument", `the standardiser has ${mean.length} features, the data ${data.width}`);
  const features = data.features.map(
    (value, i) => (value - (mean[i % data.width] as number)) / (stddev[i % data.width] as number),
  );
  return { ...data, features };
}

function columnMeans({ count, width, features }: Dataset, of: (value: number, column: number) => number): Float64Array {
  const means = new Float64Array(width);
  features.forEach((value, i) => {
    means[i % width] = (means[i % width] as number) + of(value, i % width) / count;
  });
  return means;
}
