import { MAX_CATEGORIES, type TableColumn } from "../contract/table.ts";
import { badData, quoted } from "../fault.ts";
import type { Cell } from "../rows/row.ts";
import { sortedCategories, toCategory, toNumber } from "./cells.ts";

/** As much of a contract's column as its values tell. */
export interface GuessedColumn extends Pick<TableColumn, "name" | "type"> {
  readonly categories?: readonly string[];
}

/** What a column seems to hold, from its values. */
export class ColumnGuess {
  private readonly file: string;
  private readonly name: string;
  /** Distinct values, up to one more than categories may have. */
  private readonly values = new Set<string>();
  private firstWord: { readonly text: string; readonly row: number } | undefined;
  private onlyBooleans = true;

  constructor(file: string, name: string) {
    this.file = file;
    this.name = name;
  }

  observe(cell: Cell, row: number): void {
    if (cell === null || cell === "") return;
    const text = toCategory(cell) ?? String(cell);
    this.onlyBooleans &&= typeof cell === "boolean";
    if (this.firstWord === undefined && toNumber(cell) === undefined) this.firstWord = { text, row };
    if (this.values.size <= MAX_CATEGORIES) this.values.add(text);
  }

  /** Throws PacelineError `bad-input` where it is neither numbers nor categories. */
  column(): GuessedColumn {
    const { file, name, values, firstWord } = this;
    if (values.size === 0) throw badData({ file, column: name }, "all its cells are empty; ignore it");
    if (firstWord === undefined) return { name, type: "number" };
    if (this.onlyBooleans) return { name, type: "boolean" };
    const numbers = [...values].filter((value) => toNumber(value) !== undefined).length;
    const place = { file, row: firstWord.row, column: name };
    if (2 * numbers >= values.size)
      throw badData(
        place,
        `${quoted(firstWord.text)} is not a number, as most others of the column are; correct or ignore it`,
      );
    if (values.size > MAX_CATEGORIES)
      throw badData(
        place,
        `${quoted(firstWord.text)} is not a number, and the column has too many different values for categories (more than ${MAX_CATEGORIES}); ignore it`,
      );
    return { name, type: "category", categories: sortedCategories(values) };
  }
}
