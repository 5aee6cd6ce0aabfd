import { PacelineError } from "../core/errors.ts";
import { seededRandom } from "../core/random.ts";
import { type Dataset, selectExamples } from "./dataset.ts";

export interface Split {
  /** What is trained on. */
  readonly train: Dataset;
  /** What is held back: a seat scores updates on it, or a model is tested on it. */
  readonly heldOut: Dataset;
}

/**
 * Holds back a random part, decided by the seed alone; both parts keep the order of the set.
 * @param share of the examples to hold back, above 0 and below 1; at least one example is on either side
 * @throws PacelineError `bad-argument` where the share is out of range or there are fewer than two examples
 */
export function splitDataset(data: Dataset, share: number, seed: number): Split {
  if (!(share > 0 && share < 1))
    throw new PacelineError("bad-argument", `the share held back is between 0 and 1, got ${share}`);
  if (data.count < 2) throw new PacelineError("bad-argument", `${data.count} examples cannot be split in two`);
  const heldOutCount = Math.min(data.count - 1, Math.max(1, Math.round(share * data.count)));
  const order = seededRandom(seed).shuffle(Int32Array.from({ length: data.count }, (_, i) => i));
  return {
    train: selectExamples(data, order.subarray(heldOutCount).toSorted()),
    heldOut: selectExamples(data, order.subarray(0, heldOutCount).toSorted()),
  };
}
