import { PacelineError } from "../core/errors.ts";
import type { DataSource } from "./dataSource.ts";
import { badData } from "./fault.ts";
import { ROW_FORMATS } from "./formatNames.ts";
import { jsonLinesColumns, readJsonLines } from "./rows/jsonl.ts";
import type { HeaderOptions, Row, RowOptions } from "./rows/row.ts";

/**
 * Rows as a stream, so that a file may be larger than the memory.
 * @throws PacelineError `not-found`; `bad-input` naming file, row and column, also where there are no rows
 */
export async function* readRows(source: DataSource, options: RowOptions): AsyncGenerator<Row, void> {
  let count = 0;
  for await (const row of await openRows(source, options)) {
    count++;
    yield row;
  }
  if (count > 0) return;
  const underHeader = ["csv", "tsv"].includes(source.format) && options.header !== false;
  throw badData({ file: source.path }, underHeader ? "there are no rows below the header" : "there are no rows in it");
}

/** The readers of Parquet and CSV are large, and loaded when they are needed. */
async function openRows({ format, path }: DataSource, options: RowOptions): Promise<AsyncIterable<Row>> {
  if (format === "csv" || format === "tsv") return (await import("./rows/csv.ts")).readTextTable(format, path, options);
  if (format === "jsonl") return readJsonLines(path, options);
  if (format === "parquet") return (await import("./rows/parquet.ts")).readParquet(path, options);
  throw noRows(format);
}

/** The columns that a file has, in its order. Throws what `readRows` throws. */
export async function columnNames({ format, path }: DataSource, options: HeaderOptions): Promise<readonly string[]> {
  if (format === "csv" || format === "tsv")
    return (await import("./rows/csv.ts")).textTableColumns(format, path, options);
  if (format === "jsonl") return jsonLinesColumns(path);
  if (format === "parquet") return (await import("./rows/parquet.ts")).parquetColumns(path);
  throw noRows(format);
}

function noRows(format: string): PacelineError {
  return new PacelineError("bad-input", `${format}: does not hold rows of columns; give ${ROW_FORMATS.join(":, ")}:`);
}
