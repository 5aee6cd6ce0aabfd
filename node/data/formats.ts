import { PacelineError } from "../core/errors.ts";
import type { DataContract } from "./contract.ts";
import { parseDataSource, type DataSource } from "./dataSource.ts";
import { ARRAY_FORMATS, CHARACTER_FORMATS, IMAGE_FORMATS, ROW_FORMATS, TAG_FORMATS } from "./formatNames.ts";

/** The formats that each kind of data can be read from. */
export const FORMATS: Readonly<Record<DataContract["kind"], readonly string[]>> = {
  table: ROW_FORMATS,
  images: IMAGE_FORMATS,
  text: ROW_FORMATS,
  tags: TAG_FORMATS,
  characters: CHARACTER_FORMATS,
  ratings: ROW_FORMATS,
  array: ARRAY_FORMATS,
};

/**
 * @param text a source as a user writes it, such as `csv:FILE`
 * @throws PacelineError `bad-input` where data of the contract's kind is not read from it
 */
export function sourceFor({ kind }: Pick<DataContract, "kind">, text: string): DataSource {
  const source = parseDataSource(text);
  if (FORMATS[kind].includes(source.format)) return source;
  throw new PacelineError(
    "bad-input",
    `the job's data are of the kind ${kind}, which is read from ${FORMATS[kind].map((format) => `${format}:`).join(", ")} and not from ${source.format}:`,
  );
}
