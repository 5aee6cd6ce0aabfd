import { existsSync, readFileSync, statSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { PacelineError, messageOf } from "../core/errors.ts";
import type { Dataset } from "./dataset.ts";

/** Tables of numbers with a label column, as comma, semicolon or tab separated text. */

const MAX_BYTES = 2 ** 28;
const MAX_CLASSES = 1000;

/** A column by its name in the header, or by its number, counted from 1. */
export type ColumnRef = string | number;

/** A column as a person writes it: digits alone are a number. */
export function parseColumn(text: string): ColumnRef {
  return /^\d+$/.test(text) ? Number(text) : text;
}

export interface CsvOptions {
  readonly file: string;
  /** The column to be predicted; the last one by default. */
  readonly label?: ColumnRef;
  /** Columns that are no features, such as a row's id. */
  readonly ignore?: readonly ColumnRef[];
  /** Whether the first row names the columns; found out by default: it does where a feature in it is no number. */
  readonly header?: boolean;
  /**
   * The label values in the order of their classes. Participants whose files differ should all give the same; by default the
   * values that occur, sorted (as numbers if all are).
   */
  readonly classNames?: readonly string[];
}

export interface CsvTable {
  /** Features as they stand in the file, in its order of columns. */
  readonly data: Dataset;
  readonly featureNames: readonly string[];
  readonly classNames: readonly string[];
}

/**
 * Rows may end in LF or CRLF, fields may be quoted, empty lines are skipped.
 * @throws PacelineError `not-found`, or `bad-input` naming the file, the row (from 1, the header included) and the column
 */
export function loadCsv(options: CsvOptions): CsvTable {
  const rows = readRows(options.file);
  const columns = resolveColumns(options, rows);
  const body = rows.slice(columns.headerRows);
  if (body.length === 0) throw badFile(options.file, "there are no rows below the header");
  const labelTexts = body.map((row) => row[columns.label] as string);
  const classNames =
    options.classNames ?? sortedClasses(options.file, labelTexts, columns.names[columns.label] as string);
  const features = new Float32Array(body.length * columns.features.length);
  body.forEach((row, i) => {
    columns.features.forEach((column, j) => {
      const value = toNumber(row[column] as string);
      if (value === undefined)
        throw badCell(options.file, i + 1 + columns.headerRows, columns.names[column] as string, row[column] as string);
      features[i * columns.features.length + j] = value;
    });
  });
  const labels = Int32Array.from(labelTexts, (text, i) => {
    const label = classNames.indexOf(text);
    if (label < 0)
      throw badFile(
        options.file,
        `row ${i + 1 + columns.headerRows}: label "${text}" is none of ${classNames.join(", ")}`,
      );
    return label;
  });
  return {
    data: { count: body.length, width: columns.features.length, classes: classNames.length, features, labels },
    featureNames: columns.features.map((column) => columns.names[column] as string),
    classNames,
  };
}

function readRows(file: string): readonly (readonly string[])[] {
  if (!existsSync(file)) throw new PacelineError("not-found", `there is no file ${file}`, { file });
  if (statSync(file).size > MAX_BYTES) throw badFile(file, `larger than ${MAX_BYTES} bytes`);
  const text = readFileSync(file, "utf8");
  let rows: string[][];
  try {
    rows = parse(text, { delimiter: separatorOf(text), bom: true, trim: true, skip_empty_lines: true });
  } catch (error) {
    throw badFile(file, messageOf(error), error);
  }
  if (rows.length === 0) throw badFile(file, "it is empty");
  if ((rows[0] as string[]).length < 2) throw badFile(file, "no comma, semicolon or tab separates its columns");
  return rows;
}

/** The separator that the first line has most of. */
function separatorOf(text: string): string {
  const line = /[^\r\n]+/.exec(text)?.[0] ?? "";
  const countOf = (separator: string): number => line.split(separator).length;
  return [",", ";", "\t"].reduce((best, separator) => (countOf(separator) > countOf(best) ? separator : best));
}

interface Columns {
  /** Rows the header takes: 0 or 1. */
  readonly headerRows: number;
  readonly names: readonly string[];
  readonly label: number;
  readonly features: readonly number[];
}

function resolveColumns(
  { file, label, ignore = [], header }: CsvOptions,
  rows: readonly (readonly string[])[],
): Columns {
  const first = rows[0] as readonly string[];
  const labelColumn = label === undefined ? first.length - 1 : columnIndex(file, first, label);
  const ignored = ignore.map((ref) => columnIndex(file, first, ref));
  if (ignored.includes(labelColumn))
    throw badFile(file, `column ${labelColumn + 1} cannot be both the label and ignored`);
  const features = [...first.keys()].filter((column) => column !== labelColumn && !ignored.includes(column));
  if (features.length === 0) throw badFile(file, "no feature columns are left");
  const byName = [label, ...ignore].some((ref) => typeof ref === "string");
  const hasHeader = header ?? (byName || features.some((column) => toNumber(first[column] as string) === undefined));
  if (byName && !hasHeader)
    throw badFile(file, "columns are named, but the file is said to have no header; give their numbers");
  return {
    headerRows: hasHeader ? 1 : 0,
    names: first.map((name, i) => (hasHeader ? name : `${i + 1}`)),
    label: labelColumn,
    features,
  };
}

function columnIndex(file: string, first: readonly string[], ref: ColumnRef): number {
  const index = typeof ref === "number" ? ref - 1 : first.indexOf(ref);
  if (Number.isInteger(index) && index >= 0 && index < first.length) return index;
  const known = typeof ref === "number" ? `it has ${first.length} columns` : `its first row has ${first.join(", ")}`;
  throw badFile(file, `there is no column ${JSON.stringify(ref)}; ${known}`);
}

function sortedClasses(file: string, texts: readonly string[], column: string): readonly string[] {
  const distinct = [...new Set(texts)];
  if (distinct.length < 2) throw badFile(file, `label column ${column} has the same value in every row`);
  if (distinct.length > MAX_CLASSES) {
    throw badFile(
      file,
      `label column ${column} has ${distinct.length} different values; a label names one of at most ${MAX_CLASSES} classes`,
    );
  }
  const numeric = distinct.every((text) => toNumber(text) !== undefined);
  return numeric ? distinct.sort((a, b) => Number(a) - Number(b)) : distinct.sort();
}

/** Plain decimal notation only: no empty cells, hexadecimal or infinities. */
function toNumber(text: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text) && Number.isFinite(Math.fround(Number(text)))
    ? Number(text)
    : undefined;
}

function badCell(file: string, row: number, column: string, text: string): PacelineError {
  return badFile(
    file,
    `row ${row}, column ${column}: ${text === "" ? "an empty cell" : `"${text.slice(0, 40)}"`} is not a number`,
  );
}

function badFile(file: string, what: string, cause?: unknown): PacelineError {
  return new PacelineError("bad-input", `${file}: ${what}`, { file }, cause);
}
