import {
  type DecodedArray,
  type FileMetaData,
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { PacelineError, messageOf } from "../../core/errors.ts";
import { badData } from "../fault.ts";
import { fileBytes } from "../files/wholeFile.ts";
import { type Cell, type Row, type RowOptions, locateColumns } from "./row.ts";

/** Apache Parquet, a row group of the wanted columns at a time. */

/** Most bytes of a row group's wanted columns, unpacked. */
const MAX_GROUP_BYTES = 2 ** 30;

/** @throws PacelineError `not-found`, or `bad-input` naming file, row (a record, from 1) and column */
export async function* readParquet(file: string, options: RowOptions): AsyncGenerator<Row, void> {
  const metadata = await readMetadata(file);
  const names = columnNames(metadata);
  locateColumns(file, names, options);
  const columns = [...new Set(options.columns)];
  requirePlainColumns(file, metadata, columns);
  requireSmallGroups(file, metadata, columns);
  const scan = await told(file, async () =>
    parquetScan({ file: await asyncBufferFromFile(file), metadata, columns, compressors }),
  );
  for (const { rowStart, rowEnd } of scan.ranges) {
    const read = options.columns.map((column) => told(file, () => scan.readColumn({ column, rowStart, rowEnd })));
    const group: readonly DecodedArray[] = await Promise.all(read);
    for (let i = 0; i < rowEnd - rowStart; i++) {
      const row = rowStart + i + 1;
      yield { row, cells: group.map((values, k) => cellOf(file, row, options.columns[k] as string, values[i])) };
    }
  }
}

/** Throws what `readParquet` throws. */
export async function parquetColumns(file: string): Promise<readonly string[]> {
  return columnNames(await readMetadata(file));
}

async function readMetadata(file: string): Promise<FileMetaData> {
  fileBytes(file);
  return told(file, async () => parquetMetadataAsync(await asyncBufferFromFile(file)));
}

function columnNames(metadata: FileMetaData): readonly string[] {
  return parquetSchema(metadata).children.map(({ element }) => element.name);
}

function requirePlainColumns(file: string, metadata: FileMetaData, columns: readonly string[]): void {
  for (const { element, children } of parquetSchema(metadata).children) {
    const plain = children.length === 0 && element.repetition_type !== "REPEATED";
    if (columns.includes(element.name) && !plain)
      throw badData({ file, column: element.name }, "a column of lists or structures does not hold single values");
  }
}

function requireSmallGroups(file: string, metadata: FileMetaData, columns: readonly string[]): void {
  for (const group of metadata.row_groups) {
    const wanted = group.columns.filter(({ meta_data }) => columns.includes(meta_data?.path_in_schema[0] ?? ""));
    const bytes = wanted.reduce((sum, { meta_data }) => sum + Number(meta_data?.total_uncompressed_size ?? 0), 0);
    if (bytes > MAX_GROUP_BYTES)
      throw badData({ file }, `a row group has ${bytes} bytes, more than ${MAX_GROUP_BYTES}; write smaller row groups`);
  }
}

/** Whatever the library finds wrong is wrong with the file. */
async function told<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof PacelineError) throw error;
    throw badData({ file }, `not a usable Parquet file: ${messageOf(error)}`, error);
  }
}

function cellOf(file: string, row: number, column: string, value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (value instanceof Date) return value.toISOString();
  throw badData({ file, row, column }, "the value is neither a number, text nor true or false");
}
