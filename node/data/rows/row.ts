import { badData, listed } from "../fault.ts";

/** A value of a row; text files without types have strings only. null is a value that is not there. */
export type Cell = string | number | boolean | null;

export interface Row {
  /** The line, or the record of a file without lines, from 1; a header is counted. */
  readonly row: number;
  /** In the order of the columns that were asked for. */
  readonly cells: readonly Cell[];
}

export interface RowOptions {
  /** Columns to read, in the order wanted. */
  readonly columns: readonly string[];
  /** Whether there may be columns that are neither read nor ignored; refused by default. */
  readonly others?: "refuse" | "ignore";
  readonly ignore?: readonly string[];
  /** For text tables: whether the first row names the columns, as it does by default; else they are called 1, 2 … */
  readonly header?: boolean;
  /** For `csv:`; found out from the first row by default. */
  readonly separator?: string | undefined;
}

export type HeaderOptions = Pick<RowOptions, "header" | "separator">;

/**
 * Where the wanted columns are among those that a file has.
 * @throws PacelineError `bad-input` where one is missing, there twice, or not expected
 */
export function locateColumns(file: string, names: readonly string[], options: RowOptions): readonly number[] {
  const places = new Map<string, number>();
  names.forEach((name, i) => {
    if (places.has(name)) throw badData({ file }, `two columns are called "${name}"; rename or remove one`);
    places.set(name, i);
  });
  const located = options.columns.map((column) => {
    const place = places.get(column);
    if (place === undefined) throw noSuchColumn(file, column, names);
    return place;
  });
  refuseOthers(file, names, options);
  return located;
}

export function noSuchColumn(file: string, column: string, names: readonly string[]): Error {
  return badData({ file }, `there is no column "${column}"; it has ${listed(names)}`);
}

/** Throws PacelineError `bad-input` where a column is neither read nor ignored, unless such columns are let pass. */
export function refuseOthers(file: string, names: Iterable<string>, options: RowOptions, row?: number): void {
  if (options.others === "ignore") return;
  const expected = new Set([...options.columns, ...(options.ignore ?? [])]);
  for (const name of names) {
    if (!expected.has(name))
      throw badData(
        { file, ...(row === undefined ? {} : { row }) },
        `column "${name}" is not one of ${listed([...expected])}; remove it from the file, or let the contract ignore it`,
      );
  }
}
