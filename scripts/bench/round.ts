import { openFederation, type Federation } from "../../node/cli/simulation/federation.ts";
import { DEFAULT_SETTINGS, type SimulationSettings } from "../../node/cli/simulation/settings.ts";
import { VALIDATION_SHARE } from "../../node/daemon/learning/ownData.ts";
import { planOf } from "../../node/daemon/job/jobSpec.ts";
import { openTrainer } from "../../node/daemon/adapters.ts";
import type { BenchResult } from "./benchResult.ts";

/**
 * A round of ten participants in one process over TCP: the 784-200-200-10 perceptron, 600 training examples each, batch 10, one
 * local epoch, an automining chain in a process of its own. Medians over ten rounds after a warm-up. `overheadSeconds` is
 * the round less what its training alone would take on two cores: its processor time, measured beforehand in the same run
 * on the same data with nothing else under way.
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

export async function benchRound(): Promise<BenchResult> {
  const together = await runRounds(settings);
  const apart = await runRounds({ ...settings, rounds: 3, isolate: "process" });
  return {
    figures: { ...together.figures, residentMB: apart.residentMB, residentOfAllInOneProcessMB: together.residentMB },
    peers: {},
    versions: { node: process.versions.node },
  };
}

async function runRounds(
  settings: SimulationSettings,
): Promise<{ figures: Record<string, number>; residentMB: number }> {
  const federation = await openFederation(settings, () => undefined);
  try {
    const trainingSeconds = (await trainingProcessorSeconds(federation)) / CORES;
    await federation.run({});
    const rounds = federation.collector.rounds().slice(1);
    const of = (figure: (round: (typeof rounds)[number]) => number): number => median(rounds.map(figure));
    const residents = federation.accounts.map((_, member) => federation.collector.totals(member)?.residentMB ?? 0);
    return {
      figures: {
        roundSeconds: of(({ seconds }) => seconds),
        trainingSeconds,
        overheadSeconds: of(({ seconds }) => seconds) - trainingSeconds,
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

/** Processor time of everybody's local training in a round: the median of five, after a warm-up. */
async function trainingProcessorSeconds({ data, settings, spec, model }: Federation): Promise<number> {
  const trainer = openTrainer(model, { examples: TRAIN_EXAMPLES, shared: true });
  const params = trainer.initialParams(spec.seed);
  const plan = planOf(spec, 1);
  const seconds: number[] = [];
  for (let repetition = 0; repetition < 6; repetition++) {
    const before = process.cpuUsage();
    for (const { train: examples } of data.holdings) {
      await trainer.train({
        params,
        examples,
        plan,
        seed: [settings.seed, repetition],
      });
    }
    const { user, system } = process.cpuUsage(before);
    seconds.push((user + system) / 1e6);
  }
  await trainer.close();
  return median(seconds.slice(1));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
