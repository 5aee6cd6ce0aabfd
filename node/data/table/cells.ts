import type { Cell } from "../rows/row.ts";

/** How a value of a row is read as a number, a category or a truth value. Texts come from files without types. */

export const EMPTY = "an empty cell; fill it in, or let the contract's `missing` say what it counts as";

export type MissingTest = (cell: Cell) => boolean;

/** Tells empty cells, and those that the table or the column marks as such. */
export function missingTest(ofTable: readonly string[], ofColumn: readonly string[] = []): MissingTest {
  const marks = new Set(["", ...ofTable, ...ofColumn]);
  if (marks.size === 1) return (cell) => cell === null || cell === "";
  return (cell) => cell === null || marks.has(String(cell));
}

/**
 * Plain decimal notation, within float32: no hexadecimal, no infinities, no blanks.
 * @returns undefined for anything else
 */
export function toNumber(cell: Cell): number | undefined {
  if (typeof cell === "number") return Number.isFinite(Math.fround(cell)) ? cell : undefined;
  if (typeof cell !== "string" || !/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i.test(cell)) return undefined;
  const value = Number(cell);
  return Number.isFinite(Math.fround(value)) ? value : undefined;
}

/** @returns undefined for what is no name: nothing, NaN, or an integer that lost digits on its way through a float64 */
export function toCategory(cell: Cell): string | undefined {
  if (cell === null || cell === "") return undefined;
  if (typeof cell !== "number") return String(cell);
  return Number.isFinite(cell) && (!Number.isInteger(cell) || Number.isSafeInteger(cell)) ? String(cell) : undefined;
}

const TRUE = new Set(["true", "yes", "1"]);
const FALSE = new Set(["false", "no", "0"]);

/** true, yes and 1, or false, no and 0, in small letters or capitals; undefined for anything else. */
export function toBoolean(cell: Cell): boolean | undefined {
  const text = String(cell).toLowerCase();
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : undefined;
}

/** In an order that does not depend on the file's: as numbers where all are, else by code units. */
export function sortedCategories(values: Iterable<string>): string[] {
  const sorted = [...values].sort();
  const numbers = new Map(sorted.map((value) => [value, toNumber(value)]));
  if ([...numbers.values()].includes(undefined)) return sorted;
  return sorted.sort((a, b) => (numbers.get(a) as number) - (numbers.get(b) as number));
}
