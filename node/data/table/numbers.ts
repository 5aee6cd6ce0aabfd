import { badData, quoted } from "../fault.ts";
import type { Cell } from "../rows/row.ts";
import { EMPTY, toNumber, type MissingTest } from "./cells.ts";

/** What a contract says about a number, be it a feature or a label. */
export interface NumberRules {
  readonly name: string;
  readonly missing: "reject" | "mean" | number;
  readonly log: boolean;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly mean?: number | undefined;
  readonly stddev?: number | undefined;
}

/** sign(x)·ln(1 + |x|): monotonic, defined for all numbers, about x near zero. */
export function signedLog(value: number): number {
  return Math.sign(value) * Math.log1p(Math.abs(value));
}

/**
 * Reads numbers that are there: bounds checked, the logarithm taken, not scaled; undefined where a cell is empty and may be.
 * What it returns throws PacelineError `bad-input` naming the place.
 */
export function presentNumberReader(
  { name, missing, log, min = -Infinity, max = Infinity }: NumberRules,
  file: string,
  isMissing: MissingTest,
): (cell: Cell, row: number) => number | undefined {
  return (cell, row) => {
    if (isMissing(cell)) {
      if (missing === "reject") throw badData({ file, row, column: name }, EMPTY);
      return undefined;
    }
    const value = toNumber(cell);
    if (value === undefined) throw badData({ file, row, column: name }, `${quoted(cell)} is not a finite number`);
    if (value < min || value > max)
      throw badData({ file, row, column: name }, `${value} is outside the contract's bounds ${min} … ${max}`);
    return log ? signedLog(value) : value;
  };
}

/** Reads numbers as a model takes them: something stands in for empty cells, and they are scaled where that is asked for. */
export function numberReader(
  rules: NumberRules,
  scaled: boolean,
  file: string,
  isMissing: MissingTest,
): (cell: Cell, row: number) => number {
  const read = presentNumberReader(rules, file, isMissing);
  const { name, missing, log, mean = 0, stddev = 1 } = rules;
  const standIn = typeof missing !== "number" ? mean : log ? signedLog(missing) : missing;
  return (cell, row) => {
    const value = read(cell, row) ?? standIn;
    const result = scaled ? (value - mean) / stddev : value;
    if (Number.isFinite(Math.fround(result))) return result;
    throw badData({ file, row, column: name }, `${quoted(cell)} is beyond float32 once it is scaled`);
  };
}
