import { PacelineError } from "../core/errors.ts";
import { type TableContract, missingInColumn, missingInLabel } from "./contract/table.ts";
import { sourceFor } from "./formats.ts";
import { usableStddev } from "./moments.ts";
import { readRows } from "./rows.ts";
import type { Cell } from "./rows/row.ts";
import { missingTest } from "./table/cells.ts";
import { type NumberRules, presentNumberReader, signedLog } from "./table/numbers.ts";
import { tableRows } from "./table/rowOptions.ts";

/**
 * Means and deviations without a sample: every participant gives the means of its own rows, the federation their weighted mean,
 * as it does with updates, and from that everybody computes the same contract. Names (categories, classes) cannot be agreed on
 * by a sum; they have to stand in the contract.
 *
 * The vector has three entries for each number that is to be fitted, features first: the share of rows that have a value; the
 * mean over all rows of u; and that of u², where u is the value (its logarithm if the contract asks for it) mapped from the
 * contract's bounds to 0 … 1, and 0 in a row that has none. Whoever sees a participant's vector sees its means.
 */

const ENTRIES = 3;

/** Length of the vector. Throws what `columnMeans` throws about the contract. */
export function columnMeansLength(contract: TableContract): number {
  return ENTRIES * numbersToFit(contract).length;
}

export interface ColumnMeans {
  /** Entries 0 … 1. */
  readonly means: Float64Array;
  /** Rows that they are the means of. */
  readonly count: number;
}

/**
 * One participant's vector.
 * @param text the participant's source, such as `csv:FILE`
 * @throws PacelineError `not-found`; `bad-input` where a number to be fitted has no bounds, or categories or classes are not
 *   given; or naming file, row and column of what breaks the contract
 */
export async function columnMeans(text: string, contract: TableContract): Promise<ColumnMeans> {
  const numbers = numbersToFit(contract);
  const source = sourceFor(contract, text);
  const readers = numbers.map(({ place, rules }) =>
    presentNumberReader(
      rules,
      source.path,
      missingTest(contract.missingValues, contract.columns[place]?.missingValues),
    ),
  );
  const sums = new Float64Array(ENTRIES * numbers.length);
  let count = 0;
  for await (const { row, cells } of readRows(source, tableRows(contract))) {
    count++;
    numbers.forEach(({ place, low, span }, i) => {
      const value = readers[i]?.(cells[place] as Cell, row);
      if (value === undefined) return;
      const u = (value - low) / span;
      [1, u, u * u].forEach((term, k) => (sums[ENTRIES * i + k] = (sums[ENTRIES * i + k] as number) + term));
    });
  }
  return { means: sums.map((sum) => Math.min(1, sum / count)), count };
}

/**
 * Whether a vector may be somebody's means: of a share of rows, of u from 0 to 1, and of u², none is above the one before it.
 * @param scale what stands for 1; entries are whole numbers, rounded by one at most
 */
export function mayBeMeans(entries: Int16Array, scale: number): boolean {
  return entries.every((entry, i) => {
    const most = i % ENTRIES === 0 ? scale : (entries[i - 1] as number) + 1;
    return entry >= 0 && entry <= most;
  });
}

/**
 * The contract with the means and deviations that the federation's vector tells.
 * @param means the mean of the participants' vectors, weighted by their numbers of examples
 * @param precision the largest error of an entry, from quantisation or rounding: a spread that may be error alone counts as
 *   none. The narrower a contract's bounds, the better a deviation is known
 * @throws PacelineError `bad-argument` where the vector is not of the contract; `bad-input` where nobody has a value
 */
export function fitFromMeans(contract: TableContract, means: ArrayLike<number>, precision: number): TableContract {
  const numbers = numbersToFit(contract);
  if (means.length !== ENTRIES * numbers.length || !Array.from(means).every(Number.isFinite))
    throw new PacelineError("bad-argument", `${ENTRIES * numbers.length} finite means are needed, got ${means.length}`);
  const fitted = new Map(
    numbers.map((number, i) => {
      const entries = Array.from({ length: ENTRIES }, (_, k) => means[ENTRIES * i + k] as number);
      return [number.place, momentsOf(number, entries, precision)];
    }),
  );
  const { columns, label } = contract;
  return {
    ...contract,
    columns: columns.map((column, i) => (column.type === "number" ? { ...column, ...fitted.get(i) } : column)),
    label: label.type === "number" ? { ...label, ...fitted.get(columns.length) } : label,
  };
}

/** A number whose mean or deviation is open. */
interface OpenNumber {
  /** Of its cell in a row; the label comes behind the features. */
  readonly place: number;
  readonly rules: NumberRules;
  /** Where the bounds lie, once the logarithm is taken. */
  readonly low: number;
  readonly span: number;
}

function numbersToFit({ columns, label, scale }: TableContract): readonly OpenNumber[] {
  const open: { rules: NumberRules; place: number }[] = [];
  columns.forEach((column, place) => {
    const fields = missingInColumn(column, scale);
    if (fields.length > 0 && column.type === "category") throw notAgreed(`columns.${column.name}.categories`);
    if (fields.length > 0 && column.type === "number") open.push({ rules: column, place });
  });
  const labelFields = missingInLabel(label);
  if (labelFields.length > 0 && label.type === "class") throw notAgreed("label.classes");
  if (labelFields.length > 0 && label.type === "number")
    open.push({ rules: { ...label, name: label.column, missing: "reject", log: false }, place: columns.length });
  return open.map(({ rules, place }) => ({ rules, place, ...boundsOf(rules) }));
}

function boundsOf({ name, min, max, log }: NumberRules): { low: number; span: number } {
  if (min === undefined || max === undefined)
    throw new PacelineError("bad-input", `column "${name}" needs min and max in the contract for a federated fit`);
  const [low, high] = log ? [signedLog(min), signedLog(max)] : [min, max];
  return { low, span: high - low };
}

function notAgreed(field: string): PacelineError {
  return new PacelineError(
    "bad-input",
    `the data contract lacks ${field}, which a federated sum cannot find; name them in it`,
  );
}

function momentsOf(
  { rules, low, span }: OpenNumber,
  [present = 0, sum = 0, squares = 0]: readonly number[],
  precision: number,
): { mean: number; stddev: number } {
  if (!(present > precision))
    throw new PacelineError("bad-input", `nobody has a value in column "${rules.name}"; take it out of the contract`);
  const u = sum / present;
  const variance = squares / present - u * u;
  // squares and sum are off by one precision each, sum counts twice
  const isConstant = variance <= (3 * precision) / present;
  const mean = rules.mean ?? low + span * u;
  return { mean, stddev: rules.stddev ?? (isConstant ? 1 : usableStddev(variance * span * span, mean)) };
}
