import type { Fault } from "../../daemon/behaviours.ts";
import { parseJobSpec, USUAL_MONEY, type JobSpec } from "../../daemon/jobSpec.ts";
import type { PartitionScheme } from "../../data/partition.ts";
import { partLength, type Dataset } from "../../data/dataset.ts";
import type { DataContract } from "../../data/contract.ts";
import type { ModelSpec } from "../../daemon/jobModel.ts";
import type { Behaviour } from "../../dashboard/reportData.ts";

/** What a simulated federation is to be. */
export interface SimulationSettings {
  /** digits, idx:FOLDER or csv:FILE */
  readonly data: string;
  /** Label column of a CSV file, and columns to leave out. */
  readonly label: string | undefined;
  readonly ignore: readonly string[];
  readonly participants: number;
  readonly rounds: number;
  readonly committee: number;
  readonly partition: PartitionScheme;
  readonly seed: number;
  /** Training and test examples to take; all there are where undefined (for digits: as many as are drawn). */
  readonly trainExamples: number | undefined;
  readonly testExamples: number | undefined;
  /** Units of the hidden layers; none is softmax regression. */
  readonly hidden: readonly number[];
  readonly learningRate: number;
  readonly batchSize: number;
  readonly localEpochs: number;
  /** Longest update, in the units of the params: what keeps one participant from outweighing the others. */
  readonly clipNorm: number;
  readonly signFlippers: number;
  readonly freeRiders: number;
  /** Round in which a seat is at fault; 0 for never. */
  readonly liarRound: number;
  readonly fault: Fault;
  readonly isolate: "none" | "process";
  /** Contributors' pool in whole tokens. */
  readonly pool: string;
}

export const DEFAULT_SETTINGS: SimulationSettings = {
  data: "digits",
  label: undefined,
  ignore: [],
  participants: 8,
  rounds: 10,
  committee: 7,
  partition: { kind: "dirichlet", alpha: 1 },
  seed: 1,
  trainExamples: undefined,
  testExamples: undefined,
  hidden: [64],
  learningRate: 0.25,
  batchSize: 8,
  localEpochs: 5,
  clipNorm: 5,
  signFlippers: 1,
  freeRiders: 1,
  liarRound: 3,
  fault: "lie",
  isolate: "none",
  pool: "1000",
};

/** Stddev of the free rider's noise: small beside an honest update, which moves params by some hundredths. */
export const FREE_RIDER_NOISE = 0.002;

export function modelSpecOf(settings: SimulationSettings, { inputs: tensors, classes }: Dataset): ModelSpec {
  const inputs = tensors.reduce((sum, { shape }) => sum + partLength(shape), 0);
  return settings.hidden.length === 0
    ? { kind: "softmax-regression", inputs, classes }
    : { kind: "mlp", inputs, hidden: [...settings.hidden], classes };
}

/** The participants that misbehave are the last ones. */
export function behaviourOf(settings: SimulationSettings, index: number): Behaviour {
  const fromEnd = settings.participants - 1 - index;
  if (fromEnd < settings.freeRiders) return "free-rider";
  return fromEnd < settings.freeRiders + settings.signFlippers ? "sign-flip" : "honest";
}

/**
 * The job of a simulation. Its phases are long enough for a busy machine; a phase that is complete ends at once, so their
 * length does not matter unless somebody is missing.
 */
export function simulationJob(settings: SimulationSettings, model: ModelSpec, contract: DataContract): JobSpec {
  const { participants, committee, learningRate, batchSize, localEpochs, rounds, seed } = settings;
  return parseJobSpec({
    name: `simulation of ${settings.data}`.slice(0, 100),
    model,
    seed,
    data: { description: settings.data.slice(0, 1000), contract },
    localTraining: { localEpochs, batchSize, learningRate },
    aggregation: { rule: "weighted-mean", weightCap: 2 ** 20 },
    encoding: { type: "int16", minExponent: 4, maxExponent: 18, initialExponent: 12, clipNorm: settings.clipNorm },
    scoring: { method: "path", points: 8, metric: "loss" },
    rounds,
    members: {
      start: participants,
      cohort: Math.max(3, participants),
      committee: Math.max(3, committee),
      minCommits: 3,
    },
    phases: {
      join: 600,
      commit: 600,
      share: 60,
      slot: 20,
      demand: 15,
      challenge: 60,
      score: 60,
      unbond: 3600,
      blocks: 0, // the chain makes a block for each transaction, and none to wait for
    },
    money: USUAL_MONEY,
  });
}
