import { messageOf } from "../../core/errors.ts";
import { badData } from "../fault.ts";
import { readLines } from "../files/textFile.ts";
import { type Cell, type Row, type RowOptions, noSuchColumn, refuseOthers } from "./row.ts";

/** JSON lines (jsonlines.org): an object a line, its keys being the columns. A key that an object lacks is null in it. */

type JsonRecord = Readonly<Record<string, unknown>>;

/** @throws PacelineError `not-found`, or `bad-input` naming file, row and column */
export async function* readJsonLines(file: string, options: RowOptions): AsyncGenerator<Row, void> {
  const seen = new Set<string>();
  for await (const { row, record } of readRecords(file)) {
    for (const key in record) {
      if (seen.has(key)) continue;
      seen.add(key);
      refuseOthers(file, [key], options, row);
    }
    yield { row, cells: options.columns.map((column) => cellOf(file, row, column, record)) };
  }
  if (seen.size === 0) throw badData({ file }, "it is empty");
  const unseen = options.columns.find((column) => !seen.has(column));
  if (unseen !== undefined) throw noSuchColumn(file, unseen, [...seen]);
}

/** The keys of all objects, in the order in which they first come. Throws what `readJsonLines` throws. */
export async function jsonLinesColumns(file: string): Promise<readonly string[]> {
  const seen = new Set<string>();
  for await (const { record } of readRecords(file)) Object.keys(record).forEach((key) => seen.add(key));
  if (seen.size === 0) throw badData({ file }, "it is empty");
  return [...seen];
}

async function* readRecords(file: string): AsyncGenerator<{ row: number; record: JsonRecord }, void> {
  for await (const { row, text } of readLines(file)) {
    if (text.trim() === "") continue;
    yield { row, record: parseRecord(file, row, text) };
  }
}

function parseRecord(file: string, row: number, text: string): JsonRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badData({ file, row }, `it is not JSON: ${messageOf(error)}`, error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badData({ file, row }, 'it is not a JSON object such as {"age": 41}');
  return value as JsonRecord;
}

function cellOf(file: string, row: number, column: string, record: JsonRecord): Cell {
  const value = Object.hasOwn(record, column) ? record[column] : null;
  if (typeof value === "object" && value !== null)
    throw badData({ file, row, column }, "a list or an object is not a single value");
  return value as Cell;
}
