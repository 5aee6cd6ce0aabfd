import { PacelineError } from "./errors.ts";
import { AGGREGATION_RULES } from "./jobTerms.ts";
import { median, medianOf } from "./median.ts";
import { trimmedMean, trimmedMeanOf } from "./trimmedMean.ts";
import { meanOf, weightedMean, type WeightedUpdate } from "./weightedMean.ts";

/** How updates become one aggregate, by the job's rule. Bit for bit `contracts/libraries/Aggregation.sol`. */

/**
 * The aggregate of all coordinates, in 1/256 steps. Throws `bad-argument` for an unknown rule, a trim outside 0 … 499, no
 * updates or updates of different lengths, and, with the weighted mean, for weights that are not exact.
 * @param rule index in `AGGREGATION_RULES`, as in the job's terms
 * @param trimPermille of the trimmed mean; the other rules ignore it
 * @param updates their weights count in the weighted mean only
 */
export function aggregate(rule: number, trimPermille: number, updates: readonly WeightedUpdate[]): Int32Array {
  switch (AGGREGATION_RULES[rule]) {
    case "weighted-mean":
      return weightedMean(updates);
    case "trimmed-mean":
      return trimmedMean(updates, trimPermille);
    case "median":
      return median(updates);
    default:
      throw unknownRule(rule);
  }
}

/**
 * One coordinate of the aggregate, in 1/256 steps, as the court computes it.
 * @param values of the included updates at that coordinate, at least one
 * @param weights of the same updates, Σ ≤ 2^29; they count in the weighted mean only
 */
export function coordinateOf(
  rule: number,
  trimPermille: number,
  values: readonly number[],
  weights: readonly number[],
): number {
  switch (AGGREGATION_RULES[rule]) {
    case "weighted-mean":
      return weightedCoordinate(values, weights);
    case "trimmed-mean":
      return trimmedMeanOf(ascending(values), trimPermille);
    case "median":
      return medianOf(ascending(values));
    default:
      throw unknownRule(rule);
  }
}

function weightedCoordinate(values: readonly number[], weights: readonly number[]): number {
  const weightedSum = values.reduce((sum, value, k) => sum + (weights[k] as number) * value, 0);
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0);
  return meanOf(weightedSum, weightSum);
}

function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

function unknownRule(rule: number): PacelineError {
  return new PacelineError("bad-argument", `there is no aggregation rule ${rule}`);
}
