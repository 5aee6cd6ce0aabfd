import { PacelineError } from "../core/errors.ts";
import { type CsvOptions, loadCsv } from "./csv.ts";
import type { Dataset } from "./dataset.ts";
import { generateDigits } from "./digits.ts";
import { loadIdxFolder } from "./idx.ts";
import { splitDataset } from "./split.ts";
import { fitStandardiser, standardise } from "./standardise.ts";

/** Where examples come from, as a user writes it: `digits`, `idx:FOLDER` or `csv:FILE`. */

export interface SourceOptions {
  readonly seed: number;
  /** Examples of `digits` to draw; 6,000 and 1,000 by default. */
  readonly trainCount?: number;
  readonly testCount?: number;
  /** How to read a `csv:` file. */
  readonly csv?: Omit<CsvOptions, "file">;
}

export interface LoadedSource {
  readonly train: Dataset;
  readonly test: Dataset;
}

/** Share of a CSV file's rows that become the test set. */
const CSV_TEST_SHARE = 0.2;

/**
 * Images come as values 0 … 1; a CSV file's features are standardised by its training rows.
 * @throws PacelineError `bad-input` where the source is of no known kind, and what its loader throws
 */
export function loadSource(source: string, options: SourceOptions): LoadedSource {
  if (source === "digits") return loadDigits(options);
  const [, kind, path] = /^(idx|csv):(.+)$/s.exec(source) ?? [];
  if (kind === "idx") return loadIdxFolder(path as string);
  if (kind === "csv") return loadCsvSource({ ...options.csv, file: path as string }, options.seed);
  throw new PacelineError("bad-input", `unknown data source "${source}"; give digits, idx:FOLDER or csv:FILE`);
}

/**
 * Everything that a participant who has the source to itself may learn from: no part is held back as a test set, and a CSV
 * file's features come as they stand.
 * @throws what `loadSource` throws
 */
export function loadOwnSource(source: string, options: SourceOptions): Dataset {
  const csv = /^csv:(.+)$/s.exec(source)?.[1];
  return csv === undefined ? loadSource(source, options).train : loadCsv({ ...options.csv, file: csv }).data;
}

function loadDigits({ seed, trainCount = 6000, testCount = 1000 }: SourceOptions): LoadedSource {
  // one call, so that both parts are by the same writers and no digit is in both
  const all = generateDigits({ count: trainCount + testCount, seed });
  return { train: slice(all, 0, trainCount), test: slice(all, trainCount, all.count) };
}

function loadCsvSource(options: CsvOptions, seed: number): LoadedSource {
  const { train, heldOut } = splitDataset(loadCsv(options).data, CSV_TEST_SHARE, seed);
  const standardiser = fitStandardiser(train);
  return { train: standardise(train, standardiser), test: standardise(heldOut, standardiser) };
}

function slice(data: Dataset, from: number, to: number): Dataset {
  return {
    ...data,
    count: to - from,
    features: data.features.slice(from * data.width, to * data.width),
    labels: data.labels.slice(from, to),
  };
}
