import { badData } from "./fault.ts";
import type { Cell } from "./rows/row.ts";
import { toCategory } from "./table/cells.ts";

/** Numbers those whom examples come from, 0 …, as they first appear. Throws PacelineError `bad-input` where a cell is empty. */
export function groupReader(column: string, file: string): (cell: Cell, row: number) => number {
  const numbers = new Map<string, number>();
  return (cell, row) => {
    const name = toCategory(cell);
    if (name === undefined) throw badData({ file, row, column }, "it is empty; who the example comes from is needed");
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  };
}
