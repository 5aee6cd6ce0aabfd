import { PacelineError } from "../core/errors.ts";

/** Where data is and how it is written: `csv:FILE`, `images:FOLDER` and the like. */
export interface DataSource {
  readonly format: string;
  readonly path: string;
}

/** @throws PacelineError `bad-input` where it is not a format, a colon and a path */
export function parseDataSource(text: string): DataSource {
  const [, format, path] = /^([a-z]+):(.+)$/s.exec(text) ?? [];
  if (format === undefined || path === undefined)
    throw new PacelineError("bad-input", `"${text}" is no data source; give a format and a path, such as csv:FILE`);
  return { format, path };
}
