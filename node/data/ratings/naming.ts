import { nameCount, type Naming } from "../contract/ratings.ts";
import { badData, quoted } from "../fault.ts";
import { fnv1a } from "../hash.ts";
import type { Cell } from "../rows/row.ts";
import { sortedCategories, toCategory } from "../table/cells.ts";

/** Reads the number of a user or an item; throws PacelineError `bad-input` naming file, row and column. */
export type NameReader = (cell: Cell, row: number) => number;

export function nameReader(naming: Naming | undefined, column: string, file: string): NameReader {
  const count = nameCount(naming);
  const find = finder(naming as Naming);
  return (cell, row) => {
    const name = nameOf(cell, column, file, row);
    const index = find(name);
    if (index >= 0 && index < count) return index;
    throw badData({ file, row, column }, `${quoted(name)} is not one of the ${count} that the contract knows`);
  };
}

function finder(naming: Naming): (name: string) => number {
  if (Array.isArray(naming)) {
    const places = new Map(naming.map((name, i) => [name, i]));
    return (name) => places.get(name) ?? -1;
  }
  if ("count" in naming) return (name) => (isNumber(name) ? Number(name) - 1 : -1);
  return (name) => fnv1a(name) % naming.buckets;
}

export function nameOf(cell: Cell, column: string, file: string, row: number): string {
  const name = toCategory(cell);
  if (name === undefined) throw badData({ file, row, column }, "it is empty; remove the row");
  return name;
}

/** Most numbers a name for which a count is said, and no list. */
const SPARSE = 2;

/** A count where the names are numbers from 1 with few gaps; else the list. */
export function fitNaming(names: ReadonlySet<string>): Naming {
  const largest = [...names].reduce((most, name) => (isNumber(name) ? Math.max(most, Number(name)) : Infinity), 0);
  return largest <= SPARSE * names.size ? { count: largest } : sortedCategories(names);
}

function isNumber(name: string): boolean {
  return /^[1-9]\d{0,8}$/.test(name);
}
