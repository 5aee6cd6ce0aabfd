import { PacelineError } from "../core/errors.ts";

/** Labelled examples, row-major: example i is `features[i*width .. (i+1)*width)`. */
export interface Dataset {
  readonly count: number;
  /** Features of one example. */
  readonly width: number;
  /** Number of classes; labels are 0 … classes−1. */
  readonly classes: number;
  /** Length count·width. */
  readonly features: Float32Array;
  /** Length count. */
  readonly labels: Int32Array;
}

/** The examples at `indices`, copied, in that order. */
export function selectExamples(data: Dataset, indices: readonly number[] | Int32Array): Dataset {
  const features = new Float32Array(indices.length * data.width);
  const labels = new Int32Array(indices.length);
  indices.forEach((index: number, row: number) => {
    if (!(index >= 0 && index < data.count)) {
      throw new PacelineError("bad-argument", `example ${index} is outside a set of ${data.count}`);
    }
    features.set(data.features.subarray(index * data.width, (index + 1) * data.width), row * data.width);
    labels[row] = data.labels[index] as number;
  });
  return { count: indices.length, width: data.width, classes: data.classes, features, labels };
}
