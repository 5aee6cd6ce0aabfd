import { type TableContract, tableContractSchema } from "../contract/table.ts";
import type { DataSource } from "../dataSource.ts";
import { badData } from "../fault.ts";
import { columnNames, readRows } from "../rows.ts";
import type { Cell } from "../rows/row.ts";
import { toNumber } from "./cells.ts";
import { ColumnGuess, type GuessedColumn } from "./columnGuess.ts";
import { fitTable } from "./fit.ts";

/** A contract for a table that nobody has described: what its columns are is found out from its values. */

/** A column by its name in the header, or by its number, counted from 1. */
export type ColumnRef = string | number;

/** A column as a person writes it: digits alone are a number. */
export function parseColumn(text: string): ColumnRef {
  return /^\d+$/.test(text) ? Number(text) : text;
}

export interface TableOptions {
  /** The column to be predicted; the last one by default. */
  readonly label?: ColumnRef;
  /** Whether it names a class, as by default, or is a number to be told. */
  readonly labelType?: "class" | "number";
  /** Columns that are no features, such as a row's id. */
  readonly ignore?: readonly ColumnRef[];
  /** Whether the first row names the columns; found out by default: it does where no feature in it is a number. */
  readonly header?: boolean;
  /**
   * The label values in the order of their classes. Participants whose files differ should all give the same; by default the
   * values that occur, sorted (as numbers if all are).
   */
  readonly classNames?: readonly string[];
  /** Whether numbers are to be standardised by this very file; they come as they stand by default. */
  readonly scale?: TableContract["scale"];
  /** The same of a number to be told. */
  readonly labelScale?: TableContract["scale"];
}

/**
 * Columns of numbers become numbers, others categories; a column that mixes them is a mistake rather than either.
 * @throws PacelineError `not-found`, or `bad-input` naming file, row and column
 */
export async function inferTable(source: DataSource, options: TableOptions): Promise<TableContract> {
  const layout = await findLayout(source, options);
  const guesses = layout.features.map((name) => new ColumnGuess(source.path, name));
  const rowOptions = { columns: layout.features, ignore: [layout.label, ...layout.ignored], header: layout.header };
  for await (const { row, cells } of readRows(source, rowOptions))
    guesses.forEach((guess, i) => guess.observe(cells[i] as Cell, row));
  const columns = guesses.map((guess) => guess.column());
  return fitTable(source, outline(source.path, layout, columns, options));
}

function outline(
  file: string,
  { label, header, ignored }: Layout,
  columns: readonly GuessedColumn[],
  { labelType = "class", classNames, scale = "none", labelScale = "none" }: TableOptions,
): TableContract {
  const told = labelType === "number" ? { scale: labelScale } : classNames === undefined ? {} : { classes: classNames };
  const contract = tableContractSchema.safeParse({
    kind: "table",
    columns,
    label: { column: label, type: labelType, ...told },
    scale,
    header,
    ignore: ignored,
  });
  if (contract.success) return contract.data;
  throw badData({ file }, contract.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "));
}

interface Layout {
  readonly header: boolean;
  readonly label: string;
  readonly features: readonly string[];
  readonly ignored: readonly string[];
}

async function findLayout(source: DataSource, options: TableOptions): Promise<Layout> {
  const first = await firstNames(source);
  const labelPlace = options.label === undefined ? first.length - 1 : placeOf(source.path, first, options.label);
  const ignoredPlaces = (options.ignore ?? []).map((ref) => placeOf(source.path, first, ref));
  if (ignoredPlaces.includes(labelPlace))
    throw badData({ file: source.path }, `column ${labelPlace + 1} cannot be both the label and ignored`);
  const features = [...first.keys()].filter((place) => place !== labelPlace && !ignoredPlaces.includes(place));
  if (features.length === 0) throw badData({ file: source.path }, "no feature columns are left");
  const header = findHeader(source, first, features, options);
  const names = header ? first : first.map((_, place) => `${place + 1}`);
  const nameOf = (place: number): string => names[place] as string;
  return {
    header,
    label: nameOf(labelPlace),
    features: features.map(nameOf),
    ignored: [...new Set(ignoredPlaces)].map(nameOf),
  };
}

/** The cells of a text table's first row; of other files the columns' names. */
async function firstNames(source: DataSource): Promise<readonly string[]> {
  const names = await columnNames(source, { header: true });
  if (names.length > 1) return names;
  const how = isTextTable(source) ? "no comma, semicolon, tab or bar separates its columns" : "it has one column only";
  throw badData({ file: source.path }, how);
}

function findHeader(
  source: DataSource,
  first: readonly string[],
  features: readonly number[],
  { label, ignore = [], header }: TableOptions,
): boolean {
  if (!isTextTable(source)) return true;
  const byName = [label, ...ignore].some((ref) => typeof ref === "string");
  if (byName && header === false)
    throw badData(
      { file: source.path },
      "columns are named, but the file is said to have no header; give their numbers",
    );
  return header ?? (byName || features.every((place) => toNumber(first[place] as string) === undefined));
}

function isTextTable({ format }: DataSource): boolean {
  return format === "csv" || format === "tsv";
}

function placeOf(file: string, first: readonly string[], ref: ColumnRef): number {
  const place = typeof ref === "number" ? ref - 1 : first.indexOf(ref);
  if (Number.isInteger(place) && place >= 0 && place < first.length) return place;
  const known = typeof ref === "number" ? `it has ${first.length} columns` : `its first row has ${first.join(", ")}`;
  throw badData({ file }, `there is no column ${JSON.stringify(ref)}; ${known}`);
}
