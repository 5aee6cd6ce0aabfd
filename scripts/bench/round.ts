import { DEFAULT_SETTINGS, type SimulationSettings } from "../../node/cli/simulation/settings.ts";
import { VALIDATION_SHARE } from "../../node/daemon/learning/ownData.ts";
import type { BenchOptions, BenchResult } from "./benchResult.ts";
import { runRounds } from "./round/rounds.ts";
import { mineEverySecond } from "./round/secondChain.ts";

/**
 * A round of ten participants over TCP: the 784-200-200-10 perceptron, 600 training examples each, batch 10, one local epoch, a chain in
 * a process of its own. Medians over the rounds after a warm-up. Overhead is the round less what its training alone would take on two cores:
 * its processor time, measured beforehand in the same run on the same data with nothing else under way. Scoring, checking and
 * everything else that ten machines would do at the same time counts as overhead, so processor time a participant is told, too.
 *
 * `together`: all in one process, on an automining chain. `apart`: each in a process of its own. `second`: all in one process, on
 * a chain with a block a second, where each of the six phases ends with a transaction and so takes a block at least.
 */

const PARTICIPANTS = 10;
const TRAIN_EXAMPLES = 600;
const ROUNDS = 11;
const ROUNDS_APART = 5;
const ROUNDS_OF_SECONDS = 6;
const CORES = 2;
const PHASES = 6;

const settings: SimulationSettings = {
  ...DEFAULT_SETTINGS,
  participants: PARTICIPANTS,
  rounds: ROUNDS,
  partition: { kind: "iid" },
  testExamples: 200, // measuring accuracy is not the round
  trainExamples: Math.round((TRAIN_EXAMPLES / (1 - VALIDATION_SHARE)) * PARTICIPANTS),
  hidden: [200, 200],
  learningRate: 0.1,
  batchSize: 10,
  localEpochs: 1,
  signFlippers: 0,
  freeRiders: 0,
  liarRound: 0,
};

const PARTS: Readonly<Record<string, () => Promise<Record<string, number>>>> = { together, apart, second };

export async function benchRound({ only = Object.keys(PARTS) }: BenchOptions = {}): Promise<BenchResult> {
  let figures: Record<string, number> = {};
  for (const part of only) figures = { ...figures, ...(await PARTS[part]?.()) };
  return { figures, peers: {}, versions: { node: process.versions.node } };
}

async function together(): Promise<Record<string, number>> {
  const taken = await runRounds(settings);
  const trainingSeconds = taken.trainingProcessorSeconds / CORES;
  return {
    roundSeconds: taken.roundSeconds,
    trainingSeconds,
    overheadSeconds: taken.roundSeconds - trainingSeconds,
    cpuPerPeerMs: 1_000 * taken.processorSeconds,
    trainingCpuPerPeerMs: (1_000 * taken.trainingProcessorSeconds) / PARTICIPANTS,
    networkSeconds: taken.split.network,
    chainSeconds: taken.split.chain,
    verificationSeconds: taken.split.verification,
    bytesPerParticipant: taken.bytesPerParticipant,
    gasPerParticipant: taken.gasPerParticipant,
    residentOfAllInOneProcessMB: taken.residentMB,
  };
}

async function apart(): Promise<Record<string, number>> {
  const taken = await runRounds({ ...settings, rounds: ROUNDS_APART, isolate: "process" });
  return {
    roundApartSeconds: taken.roundSeconds,
    overheadApartSeconds: taken.roundSeconds - taken.trainingProcessorSeconds / CORES,
    cpuPerPeerApartMs: 1_000 * taken.processorSeconds,
    residentMB: taken.residentMB,
  };
}

/** How much longer than the least, a block a phase, a round takes; the bar is the granularity of a phase, a second. */
async function second(): Promise<Record<string, number>> {
  const taken = await runRounds({ ...settings, rounds: ROUNDS_OF_SECONDS }, { prepare: mineEverySecond });
  return {
    secondChainRoundSeconds: taken.roundSeconds,
    secondChainBlocks: taken.blocks,
    secondChainPhases: PHASES,
    secondChainSecondsAPhase: taken.roundSeconds / PHASES,
  };
}
