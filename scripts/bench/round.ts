import { openFederation } from "../../node/cli/simulation/federation.ts";
import { DEFAULT_SETTINGS, VALIDATION_SHARE, type SimulationSettings } from "../../node/cli/simulation/settings.ts";
import type { BenchResult } from "./benches.ts";

/**
 * A round of ten participants in one process over TCP: the 784-200-200-10 perceptron, 600 training examples each, batch 10, one
 * local epoch, an automining chain in a process of its own. Medians over ten rounds after a warm-up. `overheadSeconds` is
 * the round less what its training alone would take on two cores.
 */

const PARTICIPANTS = 10;
const TRAIN_EXAMPLES = 600;
const ROUNDS = 11;
const CORES = 2;

const settings: SimulationSettings = {
  ...DEFAULT_SETTINGS,
  participants: PARTICIPANTS,
  rounds: ROUNDS,
  partition: { kind: "iid" },
  trainExamples: Math.round((TRAIN_EXAMPLES / (1 - VALIDATION_SHARE)) * PARTICIPANTS),
  hidden: [200, 200],
  learningRate: 0.1,
  batchSize: 10,
  localEpochs: 1,
  signFlippers: 0,
  freeRiders: 0,
  liarRound: 0,
};

export async function benchRound(): Promise<BenchResult> {
  const together = await runRounds(settings);
  const apart = await runRounds({ ...settings, rounds: 3, isolate: "process" });
  return {
    figures: { ...together.figures, residentMB: apart.residentMB, residentOfAllInOneProcessMB: together.residentMB },
    peers: {},
    versions: { node: process.versions.node },
  };
}

async function runRounds(settings: SimulationSettings): Promise<{ figures: Record<string, number>; residentMB: number }> {
  const federation = await openFederation(settings, () => undefined);
  try {
    await federation.run({});
    const rounds = federation.collector.rounds().slice(1);
    const of = (figure: (round: (typeof rounds)[number]) => number): number => median(rounds.map(figure));
    const residents = federation.accounts.map((_, member) => federation.collector.totals(member)?.residentMB ?? 0);
    return {
      figures: {
        roundSeconds: of(({ seconds }) => seconds),
        trainingSeconds: of(({ trainingProcessorSeconds }) => trainingProcessorSeconds / CORES),
        overheadSeconds: of(({ seconds, trainingProcessorSeconds }) => seconds - trainingProcessorSeconds / CORES),
        networkSeconds: of(({ split }) => split.network),
        chainSeconds: of(({ split }) => split.chain),
        verificationSeconds: of(({ split }) => split.verification),
        bytesPerParticipant: of(({ bytesPerParticipant }) => bytesPerParticipant),
        gasPerParticipant: of(({ gasPerParticipant }) => gasPerParticipant),
      },
      residentMB: Math.max(...residents),
    };
  } finally {
    await federation.stop();
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
