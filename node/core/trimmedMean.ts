import { PacelineError } from "./errors.ts";
import { lengthOf, visitSortedColumns, type UpdateValues } from "./sortedColumns.ts";
import { meanOf } from "./weightedMean.ts";

/**
 * The coordinate-wise trimmed mean (Yin, Chen, Ramchandran and Bartlett 2018, arXiv:1803.01498, definition 2): of n values the
 * b = ⌊n·t/1000⌋ lowest and the b highest are dropped and the rest is averaged without weights, so that b dishonest members
 * cannot carry a coordinate beyond the honest ones' range. Bit for bit `contracts/libraries/Aggregation.sol`.
 */

/** More than this at each end could leave nothing. */
export const MAX_TRIM_PERMILLE = 499;

/** Values that are dropped at each end of `count`. Throws `bad-argument` for a share that is no integer from 0 to 499. */
export function trimmedAtEachEnd(count: number, trimPermille: number): number {
  if (!Number.isInteger(trimPermille) || trimPermille < 0 || trimPermille > MAX_TRIM_PERMILLE) {
    throw new PacelineError("bad-argument", `a trim of ${trimPermille} permille is not from 0 to ${MAX_TRIM_PERMILLE}`);
  }
  return Math.floor((count * trimPermille) / 1000);
}

/**
 * One coordinate, in 1/256 steps, rounded half up.
 * @param sorted ascending, at least one value
 */
export function trimmedMeanOf(sorted: ArrayLike<number>, trimPermille: number): number {
  const dropped = trimmedAtEachEnd(sorted.length, trimPermille);
  let sum = 0;
  for (let k = dropped; k < sorted.length - dropped; k++) sum += sorted[k] as number;
  return meanOf(sum, sorted.length - 2 * dropped);
}

/** The aggregate of all coordinates, in 1/256 steps: int32 values, |a| ≤ 256 · 32767. */
export function trimmedMean(updates: readonly UpdateValues[], trimPermille: number): Int32Array {
  const mean = new Int32Array(lengthOf(updates));
  visitSortedColumns(updates, (sorted, coordinate) => {
    mean[coordinate] = trimmedMeanOf(sorted, trimPermille);
  });
  return mean;
}
