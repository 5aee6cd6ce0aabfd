import { PacelineError } from "./errors.ts";

/**
 * The weighted mean of federated averaging (McMahan et al. 2017, arXiv:1602.05629) in exact integer arithmetic:
 * S = Σ wₖ·qₖ, W = Σ wₖ, a = ⌊(512·S + W) / (2·W)⌋, the mean in 1/256 steps, rounded half up.
 * Bit for bit `contracts/libraries/FixedPoint.sol`.
 */

/** An update as it stands in the aggregate. */
export interface WeightedUpdate {
  /** int16 values within ±32767, all of one length. */
  readonly values: Int16Array;
  /** 1 ≤ weight; Σ weight ≤ 2^29, so that every step stays below 2^53. */
  readonly weight: number;
}

/** Largest Σ weight with exact arithmetic: 512 · 32767 · 2^29 < 2^53. */
export const MAX_WEIGHT_SUM = 2 ** 29;

/** The lower median: element ⌊(n−1)/2⌋ of the sorted values. */
export function lowerMedian(values: readonly number[]): number {
  if (values.length === 0) throw new PacelineError("bad-argument", "no median of nothing");
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1] as number;
}

/**
 * Weights by example count, bounded so that nobody can dominate by claiming examples: min(count, cap, 2 · lower median).
 * @param exampleCounts of the included updates, each at least 1
 */
export function weightsOf(exampleCounts: readonly number[], weightCap: number): number[] {
  if (exampleCounts.some((count) => !Number.isInteger(count) || count < 1)) {
    throw new PacelineError("bad-argument", "example counts are integers from 1");
  }
  const bound = Math.min(weightCap, 2 * lowerMedian(exampleCounts));
  return exampleCounts.map((count) => Math.min(count, bound));
}

/**
 * One coordinate of the mean: ⌊(512·S + W) / (2·W)⌋ toward −∞.
 *
 * The rounded quotient has the right floor: both operands are exact, the quotient stays below 2^23, where a binary64 is off
 * by at most 2^−31, and one that is no integer is at least 1 / (2·W) ≥ 2^−30 away from the next.
 */
export function meanOf(weightedSum: number, weightSum: number): number {
  return Math.floor((512 * weightedSum + weightSum) / (2 * weightSum));
}

/** The aggregate of all coordinates, in 1/256 steps: int32 values, |a| ≤ 256 · 32767. */
export function weightedMean(updates: readonly WeightedUpdate[]): Int32Array {
  const length = updates[0]?.values.length ?? 0;
  let weightSum = 0;
  for (const { values, weight } of updates) {
    if (values.length !== length) throw new PacelineError("bad-argument", "updates of different lengths");
    if (!Number.isInteger(weight) || weight < 1)
      throw new PacelineError("bad-argument", `weight ${weight} is not from 1`);
    weightSum += weight;
  }
  if (weightSum < 1 || weightSum > MAX_WEIGHT_SUM) {
    throw new PacelineError("bad-argument", `weights sum to ${weightSum}, not to 1 … 2^29`);
  }
  const mean = new Int32Array(length);
  const sums = new Float64Array(Math.min(length, BLOCK));
  for (let start = 0; start < length; start += BLOCK) {
    const size = Math.min(BLOCK, length - start);
    sums.fill(0);
    for (const { values, weight } of updates) {
      for (let i = 0; i < size; i++) sums[i] = (sums[i] as number) + weight * (values[start + i] as number);
    }
    for (let i = 0; i < size; i++) mean[start + i] = meanOf(sums[i] as number, weightSum);
  }
  return mean;
}

/** Coordinates summed at a time, so that the sums stay in the processor's cache. */
const BLOCK = 4096;
