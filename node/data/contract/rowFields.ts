import { z } from "zod";
import type { RowOptions } from "../rows/row.ts";

/** As the header has it; in a file without one, the column's number from 1. */
export const columnName = z.union([z.string().min(1).max(200), z.int().min(1)]).transform(String);

/** How the rows of a file are read, for kinds that take some of its columns. */
export const rowFields = {
  /** For `csv:` and `tsv:`: whether the first row names the columns. */
  header: z.boolean().default(true),
  /** For `csv:`: found out from the first row where it is not given. */
  separator: z.enum([",", ";", "\t", "|"]).optional(),
  /** Columns that may be there and are not used. */
  ignore: z.array(columnName).max(1000).default([]),
  /** What is done with a column that is not named: without a header, one too many may have shifted all of them. */
  others: z.enum(["refuse", "ignore"]).default("refuse"),
};

interface RowFields {
  readonly header: boolean;
  readonly separator?: string | undefined;
  readonly ignore: readonly string[];
  readonly others: "refuse" | "ignore";
}

/** Asks for the cells of `columns`, in this order. */
export function rowOptions({ header, separator, ignore, others }: RowFields, columns: readonly string[]): RowOptions {
  return { columns, header, separator, ignore, others };
}
