import type { Fault } from "../../daemon/learning/behaviours.ts";
import { parseJobSpec, USUAL_MONEY, type JobSpec, type JobSpecInput } from "../../daemon/job/jobSpec.ts";
import type { ModelSpec } from "../../daemon/job/jobModel.ts";
import { resized, wrongSizes } from "../../daemon/job/modelSizes.ts";
import type { DataContract } from "../../data/contract.ts";
import type { PartitionScheme } from "../../data/partition.ts";
import type { Behaviour } from "../../dashboard/reportData.ts";
import {
  isSlow,
  optimiserOf,
  usualLearningRate,
  type SimulatedModel,
  type SimulatedOptimiser,
} from "./simulatedModel.ts";

/** What a simulated federation is to be. */
export interface SimulationSettings {
  /** digits, or a format and a path such as csv:FILE */
  readonly data: string;
  /** Where the test set comes from; undefined: the source's own, or a fifth of it. */
  readonly testData: string | undefined;
  /** The job that is run; undefined: one made of these settings. */
  readonly job: JobToSimulate | undefined;
  /** Of a table without a job: its label column, what that holds, and columns to leave out. */
  readonly label: string | undefined;
  readonly target: "class" | "number";
  readonly ignore: readonly string[];
  readonly participants: number;
  readonly rounds: number;
  readonly committee: number;
  /** Members that train in a round; undefined: everybody. */
  readonly cohort?: number;
  /** How the data are dealt; undefined: as is usual for such data. */
  readonly partition: PartitionScheme | undefined;
  readonly seed: number;
  /** Training and test examples to take; all there are where undefined (for digits: as many as are drawn). */
  readonly trainExamples: number | undefined;
  readonly testExamples: number | undefined;
  readonly model: SimulatedModel;
  /** Units of the hidden layers; none is a regression. */
  readonly hidden: readonly number[];
  readonly optimiser: SimulatedOptimiser;
  /** Undefined: what is usual for model and optimiser. */
  readonly learningRate: number | undefined;
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
  /** Folder in which all that an audit needs is kept. */
  readonly archive?: string | undefined;
  /** Whether the job is audited at the end. */
  readonly audit?: boolean | undefined;
}

/** A job file, read. */
export interface JobToSimulate {
  readonly spec: JobSpec;
  /** Where it lies, with its model's files. */
  readonly folder: string;
}

export const DEFAULT_SETTINGS: SimulationSettings = {
  data: "digits",
  testData: undefined,
  job: undefined,
  label: undefined,
  target: "class",
  ignore: [],
  participants: 8,
  rounds: 10,
  committee: 7,
  partition: undefined,
  seed: 1,
  trainExamples: undefined,
  testExamples: undefined,
  model: "mlp",
  hidden: [64],
  optimiser: "sgd",
  learningRate: undefined,
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

/** The participants that misbehave are the last ones. */
export function behaviourOf(settings: SimulationSettings, index: number): Behaviour {
  const fromEnd = settings.participants - 1 - index;
  if (fromEnd < settings.freeRiders) return "free-rider";
  return fromEnd < settings.freeRiders + settings.signFlippers ? "sign-flip" : "honest";
}

/**
 * Long enough for a busy machine: a phase that is complete ends at once, so its length does not matter unless somebody is missing.
 * Scoring has as long as a demand once enough seats have attested.
 */
function phasesOf(model: ModelSpec): JobSpecInput["phases"] {
  const slow = isSlow(model);
  return {
    join: 600,
    commit: slow ? 3600 : 600,
    share: 60,
    slot: 20,
    demand: slow ? 150 : 15,
    challenge: slow ? 300 : 60,
    score: 60,
    unbond: slow ? 20_000 : 3600,
    blocks: 0, // the chain makes a block for each transaction, and none to wait for
  };
}

function membersOf({ participants, committee, cohort = participants }: SimulationSettings): JobSpecInput["members"] {
  return { start: participants, cohort: Math.max(3, cohort), committee: Math.max(3, committee), minCommits: 3 };
}

/** The job of a simulation that was given none. */
export function simulationJob(settings: SimulationSettings, model: ModelSpec, contract: DataContract): JobSpec {
  const { batchSize, localEpochs, rounds, seed } = settings;
  const learningRate = settings.learningRate ?? usualLearningRate(model, settings.optimiser);
  return parseJobSpec({
    name: `simulation of ${settings.data}`.slice(0, 100),
    model,
    seed,
    data: { description: settings.data.slice(0, 1000), contract },
    localTraining: { localEpochs, batchSize, learningRate, optimiser: optimiserOf(settings.optimiser) },
    aggregation: { rule: "weighted-mean", weightCap: 2 ** 20 },
    encoding: { type: "int16", minExponent: 4, maxExponent: 18, initialExponent: 12, clipNorm: settings.clipNorm },
    scoring: { method: "path", points: 8, metric: "loss" },
    rounds,
    members: membersOf(settings),
    phases: phasesOf(model),
    money: USUAL_MONEY,
  });
}

/**
 * A job as a simulation runs it: with the simulation's participants and phases.
 * @param contract complete
 */
export function asSimulated(settings: SimulationSettings, { spec }: JobToSimulate, contract: DataContract): JobSpec {
  const model = resized(spec.model, wrongSizes(spec.model, contract));
  return parseJobSpec({
    ...spec,
    model,
    data: { ...spec.data, contract, fit: "sample" },
    rounds: settings.rounds,
    members: { ...spec.members, ...membersOf(settings) },
    phases: phasesOf(model),
  });
}
