import { PacelineError } from "../../core/errors.ts";
import { seededRandom } from "../../core/random.ts";
import type { DataContract } from "../../data/contract.ts";
import { selectExamples, type Dataset } from "../../data/dataset.ts";
import { generateDigits } from "../../data/digits.ts";
import { loadTestPart } from "../../data/images/load.ts";
import { loadData } from "../../data/load.ts";
import { partition, type PartitionScheme } from "../../data/partition.ts";
import { splitExamples, wholeSequences } from "../../data/split.ts";
import { VALIDATION_SHARE } from "../../daemon/learning/ownData.ts";
import { fitExamples } from "../../training/models/fitExamples.ts";
import type { Model } from "../../training/models/model.ts";
import type { SimulationSettings } from "./settings.ts";

/** One participant's private examples. */
export interface Holding {
  readonly train: Dataset;
  readonly validation: Dataset;
}

export interface FederationData {
  readonly holdings: readonly Holding[];
  /** How they were dealt. */
  readonly scheme: PartitionScheme;
  /** Nobody's: the yardstick of the report. */
  readonly test: Dataset;
}

/** Examples of the embedded digits that a participant gets on average. */
const DIGITS_EACH = 2_000;
const DIGITS_TEST = 2_000;
/** Share of a source without a test part that becomes one. */
const TEST_SHARE = 0.2;
/** Fewest examples that anybody gets; of whole groups, as many as can be split. */
const MINIMUM_EACH = 20;
const MINIMUM_OF_GROUPS = 2;

/**
 * Deals the data out: the same settings give the same holdings in every process.
 * @param contract complete
 */
export async function loadFederationData(
  settings: SimulationSettings,
  contract: DataContract,
): Promise<FederationData> {
  const { participants, seed, trainExamples, testExamples } = settings;
  const { train: loaded, test } = await loadParts(settings, contract);
  const train = sample(loaded, trainExamples, seed);
  if (train.count < participants * 2) {
    throw new PacelineError(
      "bad-input",
      `${train.count} training examples are too few for ${participants} participants`,
    );
  }
  const scheme = settings.partition ?? usualScheme(train, participants);
  const holdings = deal(train, wholeSequences(contract, scheme), settings).map((own, index) => {
    const { train: kept, heldOut } = splitExamples(contract, own, VALIDATION_SHARE, seed + index);
    return { train: kept, validation: heldOut };
  });
  return { holdings, scheme, test: sample(test, testExamples, seed) };
}

/** By nature where the examples come from enough different ones; otherwise one-sided by class, or at random. */
function usualScheme({ classes, groups, targets }: Dataset, participants: number): PartitionScheme {
  if (groups !== undefined && new Set(groups).size >= participants) return { kind: "group" };
  return classes > 0 && targets.shape.length === 0 ? { kind: "dirichlet", alpha: 1 } : { kind: "iid" };
}

function deal(train: Dataset, scheme: PartitionScheme, { participants, seed }: SimulationSettings): Dataset[] {
  const minimum = scheme.kind === "group" ? MINIMUM_OF_GROUPS : MINIMUM_EACH;
  const minimumCount = Math.min(minimum, Math.floor(train.count / participants));
  try {
    const parts = partition({ data: train, participants, scheme, seed, minimumCount });
    return parts.map((indices) => selectExamples(train, indices));
  } catch (error) {
    // What is out of range here was the user's choice, not a mistake of the program.
    if (error instanceof PacelineError && error.code === "bad-argument")
      throw new PacelineError("bad-input", `--partition ${schemeText(scheme)}: ${error.message}`, error.facts, error);
    throw error;
  }
}

/** Such as `dirichlet 0.5`. */
export function schemeText({ kind, ...parameters }: PartitionScheme): string {
  return [kind, ...Object.values(parameters)].join(" ");
}

interface Parts {
  readonly train: Dataset;
  readonly test: Dataset;
}

async function loadParts(settings: SimulationSettings, contract: DataContract): Promise<Parts> {
  const { data: source, testData, seed } = settings;
  if (source === "digits") return drawDigits(settings);
  const all = await loadData(source, contract);
  const test = testData === undefined ? await loadTestPart(source, contract) : await loadData(testData, contract);
  if (test !== undefined) return { train: all, test };
  const { train, heldOut } = splitExamples(contract, all, TEST_SHARE, seed);
  return { train, test: heldOut };
}

function drawDigits({ participants, seed, trainExamples, testExamples }: SimulationSettings): Parts {
  const trainCount = trainExamples ?? DIGITS_EACH * participants;
  // one call, so that both parts are by the same writers and no digit is in both
  const all = generateDigits({ count: trainCount + (testExamples ?? DIGITS_TEST), seed });
  const indices = Int32Array.from({ length: all.count }, (_, i) => i);
  return {
    train: selectExamples(all, indices.subarray(0, trainCount)),
    test: selectExamples(all, indices.subarray(trainCount)),
  };
}

/** The same as the model reads it. */
export function fitFederationData({ holdings, scheme, test }: FederationData, model: Model): FederationData {
  return {
    holdings: holdings.map(({ train, validation }) => ({
      train: fitExamples(model, train),
      validation: fitExamples(model, validation),
    })),
    scheme,
    test: fitExamples(model, test),
  };
}

/** Some of a set, in its order: its first examples may all be of one class. */
function sample(data: Dataset, count: number | undefined, seed: number): Dataset {
  if (count === undefined || count >= data.count) return data;
  const order = seededRandom(seed, count).shuffle(Int32Array.from({ length: data.count }, (_, index) => index));
  return selectExamples(data, order.subarray(0, count).toSorted());
}
