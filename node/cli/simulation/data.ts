import { PacelineError } from "../../core/errors.ts";
import { selectExamples, type Dataset } from "../../data/dataset.ts";
import { partition } from "../../data/partition.ts";
import { loadSource } from "../../data/source.ts";
import { splitDataset } from "../../data/split.ts";
import { VALIDATION_SHARE } from "../../daemon/ownData.ts";
import { parseColumn } from "../../data/csv.ts";
import type { SimulationSettings } from "./settings.ts";

/** One participant's private examples. */
export interface Holding {
  readonly train: Dataset;
  readonly validation: Dataset;
}

export interface FederationData {
  readonly holdings: readonly Holding[];
  /** Nobody's: the yardstick of the report. */
  readonly test: Dataset;
}

/** Examples of the embedded digits that a participant gets on average. */
const DIGITS_EACH = 2_000;
const DIGITS_TEST = 2_000;
/** Fewest examples that anybody gets. */
const MINIMUM_EACH = 20;

/** Deals the data out: the same settings give the same holdings in every process. */
export function loadFederationData(settings: SimulationSettings): FederationData {
  const { participants, seed, trainExamples, testExamples, label, ignore } = settings;
  const { train: loaded, test: loadedTest } = loadSource(settings.data, {
    seed,
    trainCount: trainExamples ?? DIGITS_EACH * participants,
    testCount: testExamples ?? DIGITS_TEST,
    ...(label === undefined ? {} : { csv: { label: parseColumn(label), ignore: ignore.map(parseColumn) } }),
  });
  const train = head(loaded, trainExamples);
  if (train.count < participants * 2) {
    throw new PacelineError(
      "bad-input",
      `${train.count} training examples are too few for ${participants} participants`,
    );
  }
  const minimumCount = Math.min(MINIMUM_EACH, Math.floor(train.count / participants));
  const parts = partition({ labels: train.labels, participants, scheme: settings.partition, seed, minimumCount });
  const holdings = parts.map((indices, index) => {
    const { train: own, heldOut } = splitDataset(selectExamples(train, indices), VALIDATION_SHARE, seed + index);
    return { train: own, validation: heldOut };
  });
  return { holdings, test: head(loadedTest, testExamples) };
}

function head(data: Dataset, count: number | undefined): Dataset {
  if (count === undefined || count >= data.count) return data;
  return selectExamples(
    data,
    Array.from({ length: count }, (_, index) => index),
  );
}

export function labelCounts(data: Dataset): number[] {
  const counts = new Array<number>(data.classes).fill(0);
  for (const label of data.labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}
