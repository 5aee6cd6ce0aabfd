import { PacelineError } from "../core/errors.ts";
import { parseColumn } from "../data/csv.ts";
import { selectExamples, type Dataset } from "../data/dataset.ts";
import { partition, type PartitionScheme } from "../data/partition.ts";
import { loadOwnSource, type SourceOptions } from "../data/source.ts";
import { splitDataset, type Split } from "../data/split.ts";
import { fitStandardiser, standardise } from "../data/standardise.ts";
import type { JobSpec } from "./jobSpec.ts";

/** Which examples a daemon trains on. */
export interface DataSettings {
  /** digits, idx:FOLDER or csv:FILE */
  readonly source: string;
  /** For csv: the label column and columns to leave out, by name or by number from 1. */
  readonly label: string | undefined;
  readonly ignore: readonly string[];
  /** For csv: the label values in the order of their classes; as they occur where undefined. */
  readonly classes: readonly string[] | undefined;
  /** Takes one of several parts, where a federation is tried out with one set. */
  readonly part: { readonly index: number; readonly of: number; readonly scheme: PartitionScheme } | undefined;
  /** Decides what digits are drawn, the parts, and the validation split. */
  readonly seed: number;
}

/** Share of the examples that is kept back to score others' updates with. */
export const VALIDATION_SHARE = 0.15;

/**
 * The participant's examples, and those it keeps back for scoring.
 * @throws PacelineError `not-found`, or `bad-input` where the data cannot be read or is not what the job's model takes
 */
export function loadOwnData(settings: DataSettings, spec: JobSpec): Split {
  try {
    const examples = takePart(loadOwnSource(settings.source, sourceOptions(settings)), settings);
    requireFit(examples, spec, settings.source);
    const split = splitDataset(examples, VALIDATION_SHARE, settings.seed);
    return spec.data.normalisation === "standardise" ? standardised(split) : split;
  } catch (error) {
    // What is out of range here was the user's choice, not a mistake of the program.
    if (error instanceof PacelineError && error.code === "bad-argument")
      throw new PacelineError("bad-input", `--data ${settings.source}: ${error.message}`, {}, error);
    throw error;
  }
}

function sourceOptions({ seed, label, ignore, classes }: DataSettings): SourceOptions {
  return {
    seed,
    csv: {
      ignore: ignore.map(parseColumn),
      ...(label === undefined ? {} : { label: parseColumn(label) }),
      ...(classes === undefined ? {} : { classNames: classes }),
    },
  };
}

function takePart(examples: Dataset, { part, seed }: DataSettings): Dataset {
  if (part === undefined) return examples;
  const parts = partition({
    labels: examples.labels,
    participants: part.of,
    scheme: part.scheme,
    seed,
    minimumCount: 2,
  });
  return selectExamples(examples, parts[part.index] as Int32Array);
}

function requireFit({ width, classes }: Dataset, { model }: JobSpec, source: string): void {
  if (width !== model.inputs)
    throw new PacelineError(
      "bad-input",
      `--data ${source} has ${width} features an example, the job's model takes ${model.inputs}`,
    );
  if (classes > model.classes)
    throw new PacelineError(
      "bad-input",
      `--data ${source} has ${classes} classes, the job's model tells ${model.classes}`,
    );
}

function standardised({ train, heldOut }: Split): Split {
  const standardiser = fitStandardiser(train);
  return { train: standardise(train, standardiser), heldOut: standardise(heldOut, standardiser) };
}
