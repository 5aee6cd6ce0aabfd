import { Readable, pipeline } from "node:stream";
import { CsvError, parse, type Options } from "csv-parse";
import { badData } from "../fault.ts";
import { readLines, readText } from "../files/textFile.ts";
import { type HeaderOptions, type Row, type RowOptions, locateColumns } from "./row.ts";

/**
 * Tables as text: `csv` (RFC 4180, with other separators too) and `tsv` (text/tab-separated-values of IANA: tabs, and no
 * quotes). Lines may end in CRLF, empty lines are skipped, spaces around a value do not count.
 */

export type TextTable = "csv" | "tsv";

/** Longest record, in bytes: a quote that is never closed must not fill the memory. */
const MAX_RECORD = 2 ** 24;
const SEPARATORS = [",", ";", "\t", "|"];

interface TextRecord {
  readonly row: number;
  readonly fields: readonly string[];
}

/** @throws PacelineError `not-found`, or `bad-input` naming file, row and column */
export async function* readTextTable(format: TextTable, file: string, options: RowOptions): AsyncGenerator<Row, void> {
  let names: readonly string[] | undefined;
  let places: readonly number[] = [];
  for await (const { row, fields } of readRecords(format, file, options)) {
    if (names === undefined) {
      names = namesFrom(fields, options);
      places = locateColumns(file, names, options);
      if (options.header !== false) continue;
    }
    if (fields.length !== names.length)
      throw badData({ file, row }, `${fields.length} values where the first row has ${names.length}`);
    yield { row, cells: places.map((place) => fields[place] as string) };
  }
  if (names === undefined) throw badData({ file }, "it is empty");
}

/** Names in the header, or 1, 2 … where there is none. Throws what `readTextTable` throws. */
export async function textTableColumns(
  format: TextTable,
  file: string,
  options: HeaderOptions,
): Promise<readonly string[]> {
  for await (const { fields } of readRecords(format, file, options)) return namesFrom(fields, options);
  throw badData({ file }, "it is empty");
}

function namesFrom(first: readonly string[], { header = true }: HeaderOptions): readonly string[] {
  return header ? first : first.map((_, i) => `${i + 1}`);
}

async function* readRecords(
  format: TextTable,
  file: string,
  { separator }: HeaderOptions,
): AsyncGenerator<TextRecord, void> {
  const settings: Options = {
    delimiter: format === "tsv" ? "\t" : (separator ?? (await separatorOf(file))),
    quote: format === "tsv" ? null : '"',
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true, // told here, with the file's name
    max_record_size: MAX_RECORD,
    info: true,
  };
  // the pipeline destroys both ends and hands errors to whoever reads; there is nothing left to do in its callback
  const records = pipeline(Readable.from(readText(file)), parse(settings), () => undefined);
  try {
    for await (const { record, info } of records as AsyncIterable<{ record: string[]; info: { lines: number } }>)
      yield { row: info.lines, fields: record };
  } catch (error) {
    throw error instanceof CsvError ? badData({ file }, error.message, error) : error;
  }
}

/** The separator that the first line has most of, outside quotes. */
async function separatorOf(file: string): Promise<string> {
  for await (const { text } of readLines(file)) {
    const line = text.replaceAll(/"[^"]*"/g, "").trim();
    if (text.trim() === "") continue;
    const countOf = (separator: string): number => line.split(separator).length;
    return SEPARATORS.reduce((best, separator) => (countOf(separator) > countOf(best) ? separator : best));
  }
  return ",";
}
