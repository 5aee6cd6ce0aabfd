import { PacelineError } from "../../core/errors.ts";
import { selectExamples, type Dataset } from "../../data/dataset.ts";
import { generateDigits } from "../../data/digits.ts";
import { loadData } from "../../data/load.ts";
import { partition } from "../../data/partition.ts";
import { splitExamples, wholeSequences, type Split } from "../../data/split.ts";
import { fitExamples } from "../../training/models/fitExamples.ts";
import type { Model } from "../../training/models/model.ts";
import type { DataSettings } from "../home/homeSchemas.ts";
import type { JobSpec } from "../job/jobSpec.ts";

/** Share of the examples that is kept back to score others' updates with. */
export const VALIDATION_SHARE = 0.15;

const DRAWN_DIGITS = 6000;

/**
 * The participant's examples as the job's model reads them, and those it keeps back for scoring.
 * @throws PacelineError `not-found`, or `bad-input` naming file, row and column of what breaks the job's data contract
 */
export async function loadOwnData(settings: DataSettings, spec: JobSpec, model: Model): Promise<Split> {
  try {
    const all = await loadExamples(settings, spec);
    const examples = fitExamples(model, takePart(all, settings, spec));
    return splitExamples(spec.data.contract, examples, VALIDATION_SHARE, settings.seed);
  } catch (error) {
    // What is out of range here was the user's choice, not a mistake of the program.
    if (error instanceof PacelineError && (error.code === "bad-argument" || error.code === "bad-input"))
      throw new PacelineError("bad-input", `--data ${settings.source}: ${error.message}`, error.facts, error);
    throw error;
  }
}

function loadExamples({ source, seed }: DataSettings, { data }: JobSpec): Promise<Dataset> {
  if (source !== "digits") return loadData(source, data.contract);
  return Promise.resolve(generateDigits({ count: DRAWN_DIGITS, seed }));
}

function takePart(examples: Dataset, { part, seed }: DataSettings, { data }: JobSpec): Dataset {
  if (part === undefined) return examples;
  const parts = partition({
    data: examples,
    participants: part.of,
    scheme: wholeSequences(data.contract, part.scheme),
    seed,
    minimumCount: 2,
  });
  return selectExamples(examples, parts[part.index] as Int32Array);
}
