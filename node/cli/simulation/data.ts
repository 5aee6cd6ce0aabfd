import { PacelineError } from "../../core/errors.ts";
import type { DataContract } from "../../data/contract.ts";
import { selectExamples, type Dataset } from "../../data/dataset.ts";
import { generateDigits } from "../../data/digits.ts";
import { loadTestPart } from "../../data/images/load.ts";
import { loadData } from "../../data/load.ts";
import { partition } from "../../data/partition.ts";
import { proposeContract } from "../../data/propose.ts";
import { splitDataset } from "../../data/split.ts";
import { parseColumn } from "../../data/table/infer.ts";
import { VALIDATION_SHARE } from "../../daemon/ownData.ts";
import { fitExamples } from "../../training/models/fitExamples.ts";
import type { Model } from "../../training/models/model.ts";
import type { SimulationSettings } from "./settings.ts";

/** One participant's private examples. */
export interface Holding {
  readonly train: Dataset;
  readonly validation: Dataset;
}

export interface FederationData {
  /** What all of them look like. */
  readonly contract: DataContract;
  readonly holdings: readonly Holding[];
  /** Nobody's: the yardstick of the report. */
  readonly test: Dataset;
}

/** Examples of the embedded digits that a participant gets on average. */
const DIGITS_EACH = 2_000;
const DIGITS_TEST = 2_000;
/** Share of a source without a test part that becomes one. */
const TEST_SHARE = 0.2;
/** Fewest examples that anybody gets. */
const MINIMUM_EACH = 20;

/** Deals the data out: the same settings give the same holdings in every process. */
export async function loadFederationData(settings: SimulationSettings): Promise<FederationData> {
  const { data: source, participants, seed, trainExamples, testExamples, label, ignore } = settings;
  const named = { ignore: ignore.map(parseColumn), ...(label === undefined ? {} : { label: parseColumn(label) }) };
  const contract = await proposeContract(source, named);
  const { train: loaded, test } = await loadParts(settings, contract);
  const train = head(loaded, trainExamples);
  if (train.count < participants * 2) {
    throw new PacelineError(
      "bad-input",
      `${train.count} training examples are too few for ${participants} participants`,
    );
  }
  const minimumCount = Math.min(MINIMUM_EACH, Math.floor(train.count / participants));
  const parts = partition({
    data: train,
    participants,
    scheme: settings.partition,
    seed,
    minimumCount,
  });
  const holdings = parts.map((indices, index) => {
    const { train: own, heldOut } = splitDataset(selectExamples(train, indices), VALIDATION_SHARE, seed + index);
    return { train: own, validation: heldOut };
  });
  return { contract, holdings, test: head(test, testExamples) };
}

async function loadParts(
  { data: source, participants, seed, trainExamples, testExamples }: SimulationSettings,
  contract: DataContract,
): Promise<{ readonly train: Dataset; readonly test: Dataset }> {
  if (source === "digits") {
    const trainCount = trainExamples ?? DIGITS_EACH * participants;
    // one call, so that both parts are by the same writers and no digit is in both
    const all = generateDigits({ count: trainCount + (testExamples ?? DIGITS_TEST), seed });
    const indices = Int32Array.from({ length: all.count }, (_, i) => i);
    return {
      train: selectExamples(all, indices.subarray(0, trainCount)),
      test: selectExamples(all, indices.subarray(trainCount)),
    };
  }
  const all = await loadData(source, contract);
  const test = await loadTestPart(source, contract);
  if (test !== undefined) return { train: all, test };
  const { train, heldOut } = splitDataset(all, TEST_SHARE, seed);
  return { train, test: heldOut };
}

/** The same as the model reads it. */
export function fitFederationData({ contract, holdings, test }: FederationData, model: Model): FederationData {
  return {
    contract,
    holdings: holdings.map(({ train, validation }) => ({
      train: fitExamples(model, train),
      validation: fitExamples(model, validation),
    })),
    test: fitExamples(model, test),
  };
}

function head(data: Dataset, count: number | undefined): Dataset {
  if (count === undefined || count >= data.count) return data;
  return selectExamples(
    data,
    Array.from({ length: count }, (_, index) => index),
  );
}

export function labelCounts({ classes, targets }: Dataset): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of targets.values) if (label >= 0) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}
