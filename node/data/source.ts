import { PacelineError } from "../core/errors.ts";
import { parseDataSource } from "./dataSource.ts";
import { type Dataset, selectExamples } from "./dataset.ts";
import { generateDigits } from "./digits.ts";
import { loadIdxFolder } from "./images/load.ts";
import { ROW_FORMATS } from "./rows.ts";
import { splitDataset } from "./split.ts";
import { fitStandardiser, standardise } from "./standardise.ts";
import { inferTable, type TableOptions } from "./table/infer.ts";
import { loadTable } from "./table/load.ts";

/** Where examples come from when no contract says what they are: `digits`, `idx:FOLDER`, or a table such as `csv:FILE`. */

export interface SourceOptions {
  readonly seed: number;
  /** Examples of `digits` to draw; 6,000 and 1,000 by default. */
  readonly trainCount?: number;
  readonly testCount?: number;
  /** How to read a table. */
  readonly table?: TableOptions;
}

export interface LoadedSource {
  readonly train: Dataset;
  readonly test: Dataset;
}

/** Share of a table's rows that become the test set. */
const TEST_SHARE = 0.2;

/**
 * Images come as values 0 … 1; a table's features are standardised by its training rows.
 * @throws PacelineError `bad-input` where the source is of no known kind, and what its loader throws
 */
export async function loadSource(source: string, options: SourceOptions): Promise<LoadedSource> {
  if (source === "digits") return drawDigits(options);
  const { format, path } = parseKnown(source);
  if (format === "idx") return loadIdxFolder(path);
  const { train, heldOut } = splitDataset(await loadOwnSource(source, options), TEST_SHARE, options.seed);
  const standardiser = fitStandardiser(train);
  return { train: standardise(train, standardiser), test: standardise(heldOut, standardiser) };
}

/**
 * Everything that a participant who has the source to itself may learn from: no part is held back as a test set, and a table's
 * numbers come as they stand.
 * @throws what `loadSource` throws
 */
export async function loadOwnSource(source: string, options: SourceOptions): Promise<Dataset> {
  if (source === "digits") return drawDigits(options).train;
  const known = parseKnown(source);
  if (known.format === "idx") return loadIdxFolder(known.path).train;
  return loadTable(known, await inferTable(known, options.table ?? {}));
}

function parseKnown(source: string): ReturnType<typeof parseDataSource> {
  if (/^[a-z]+:./s.test(source)) {
    const known = parseDataSource(source);
    if (known.format === "idx" || (ROW_FORMATS as readonly string[]).includes(known.format)) return known;
  }
  const tables = ROW_FORMATS.map((format) => `${format}:FILE`).join(", ");
  throw new PacelineError(
    "bad-input",
    `unknown data source "${source}"; give digits, idx:FOLDER, or a table: ${tables}`,
  );
}

function drawDigits({ seed, trainCount = 6000, testCount = 1000 }: SourceOptions): LoadedSource {
  // one call, so that both parts are by the same writers and no digit is in both
  const all = generateDigits({ count: trainCount + testCount, seed });
  const indices = Int32Array.from({ length: all.count }, (_, i) => i);
  return {
    train: selectExamples(all, indices.subarray(0, trainCount)),
    test: selectExamples(all, indices.subarray(trainCount)),
  };
}
