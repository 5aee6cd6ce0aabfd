import { type CategoryColumn, type TableColumn, type TableContract, columnWidth } from "../contract/table.ts";
import { badData, listed, quoted } from "../fault.ts";
import type { Growing } from "../growing.ts";
import type { Cell } from "../rows/row.ts";
import { EMPTY, missingTest, toBoolean, toCategory, type MissingTest } from "./cells.ts";
import { numberReader } from "./numbers.ts";

/** Appends what a cell becomes; throws PacelineError `bad-input` naming file, row and column. */
export type FeatureReader = (cell: Cell, row: number) => void;

/** One reader a column of a fitted contract; all append to `features`. */
export function featureReaders(
  { columns, scale, missingValues }: TableContract,
  file: string,
  features: Growing<Float32Array>,
): readonly FeatureReader[] {
  return columns.map((column) =>
    featureReader(column, scale === "standardise", file, missingTest(missingValues, column.missingValues), features),
  );
}

function featureReader(
  column: TableColumn,
  scaled: boolean,
  file: string,
  isMissing: MissingTest,
  features: Growing<Float32Array>,
): FeatureReader {
  if (column.type === "category") {
    const width = columnWidth(column);
    const read = oneHotReader(column, file, isMissing);
    return (cell, row) => {
      const hot = read(cell, row);
      for (let i = 0; i < width; i++) features.push(i === hot ? 1 : 0);
    };
  }
  const read =
    column.type === "number"
      ? numberReader(column, scaled, file, isMissing)
      : booleanReader(column.name, column.missing, file, isMissing);
  return (cell, row) => features.push(read(cell, row));
}

function booleanReader(
  name: string,
  missing: "reject" | boolean,
  file: string,
  isMissing: MissingTest,
): (cell: Cell, row: number) => number {
  return (cell, row) => {
    const value = isMissing(cell) ? missing : toBoolean(cell);
    if (value === "reject") throw badData({ file, row, column: name }, EMPTY);
    if (value === undefined) throw badData({ file, row, column: name }, `${quoted(cell)} is neither true nor false`);
    return value ? 1 : 0;
  };
}

/** The place of a cell's category. */
function oneHotReader(
  { name, categories = [], missing }: CategoryColumn,
  file: string,
  isMissing: MissingTest,
): (cell: Cell, row: number) => number {
  const read = categoryReader(name, categories, file);
  const standIn = typeof missing === "object" ? categories.indexOf(missing.as) : categories.length;
  return (cell, row) => {
    if (!isMissing(cell)) return read(cell, row);
    if (missing === "reject") throw badData({ file, row, column: name }, EMPTY);
    return standIn;
  };
}

/** The place of a value among the names of a list. */
export function categoryReader(
  name: string,
  categories: readonly string[],
  file: string,
): (cell: Cell, row: number) => number {
  const places = new Map(categories.map((category, i) => [category, i]));
  return (cell, row) => {
    const category = toCategory(cell);
    const place = category === undefined ? undefined : places.get(category);
    if (place !== undefined) return place;
    throw badData({ file, row, column: name }, `${quoted(cell)} is none of ${listed(categories)}`);
  };
}
