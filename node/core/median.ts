import { lengthOf, visitSortedColumns, type UpdateValues } from "./sortedColumns.ts";

/**
 * The coordinate-wise median (Yin, Chen, Ramchandran and Bartlett 2018, arXiv:1803.01498, definition 1), the lower of the two
 * middle values where their number is even, so that it is always a member's own. Every update counts once.
 * Bit for bit `contracts/libraries/Aggregation.sol`.
 */

/**
 * One coordinate, in 1/256 steps.
 * @param sorted ascending, at least one value
 */
export function medianOf(sorted: ArrayLike<number>): number {
  return 256 * (sorted[(sorted.length - 1) >> 1] as number);
}

/** The aggregate of all coordinates, in 1/256 steps: int32 values, |a| ≤ 256 · 32767. */
export function median(updates: readonly UpdateValues[]): Int32Array {
  const aggregate = new Int32Array(lengthOf(updates));
  visitSortedColumns(updates, (sorted, coordinate) => {
    aggregate[coordinate] = medianOf(sorted);
  });
  return aggregate;
}
