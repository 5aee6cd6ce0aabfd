import { openFederation, type Federation, type FederationObserver } from "../../../node/cli/simulation/federation.ts";
import { startChain, type ChainProcess } from "../../../node/cli/simulation/chainProcess.ts";
import type { MemberReport } from "../../../node/cli/simulation/member.ts";
import type { SimulationSettings } from "../../../node/cli/simulation/settings.ts";
import { openTrainer } from "../../../node/daemon/adapters.ts";
import { planOf } from "../../../node/daemon/job/jobSpec.ts";
import { median } from "../network/statistics.ts";

/** What the rounds of one federation took, the first one left out. */
export interface RoundsTaken {
  readonly roundSeconds: number;
  /** Processor time of everybody's training in a round, measured beforehand. */
  readonly trainingProcessorSeconds: number;
  /** Processor time of a participant in a round, its training and its share of the process included. */
  readonly processorSeconds: number;
  readonly split: { readonly network: number; readonly chain: number; readonly verification: number };
  readonly bytesPerParticipant: number;
  readonly gasPerParticipant: number;
  /** Largest of its processes. */
  readonly residentMB: number;
  /** Blocks from one draw to the next. */
  readonly blocks: number;
}

export interface RunOptions {
  /** What is done to the chain when everybody is enrolled. */
  readonly prepare?: (chain: ChainProcess) => Promise<void>;
}

export async function runRounds(
  settings: SimulationSettings,
  { prepare = () => Promise.resolve() }: RunOptions = {},
): Promise<RoundsTaken> {
  const chain = await startChain();
  const federation = await openFederation(
    settings,
    () => undefined,
    () => Promise.resolve(chain),
  ).catch(async (error: unknown) => {
    await chain.stop();
    throw error;
  });
  try {
    const training = await trainingProcessorSeconds(federation);
    await prepare(chain);
    const watch = new Watch();
    await federation.run(watch);
    const rounds = federation.collector.rounds().slice(1);
    const of = (figure: (round: (typeof rounds)[number]) => number): number => median(rounds.map(figure));
    const totals = federation.accounts.map((_, member) => federation.collector.totals(member));
    const isApart = settings.isolate === "process";
    return {
      roundSeconds: of(({ seconds }) => seconds),
      trainingProcessorSeconds: training,
      processorSeconds: watch.processorSeconds(isApart) / (isApart ? 1 : settings.participants),
      split: {
        network: of(({ split }) => split.network),
        chain: of(({ split }) => split.chain),
        verification: of(({ split }) => split.verification),
      },
      bytesPerParticipant: of(({ bytesPerParticipant }) => bytesPerParticipant),
      gasPerParticipant: of(({ gasPerParticipant }) => gasPerParticipant),
      residentMB: Math.max(...totals.map((one) => one?.residentMB ?? 0)),
      blocks: watch.blocks(),
    };
  } finally {
    await federation.stop();
  }
}

/** What the rounds' totals and blocks say while they run. */
class Watch implements FederationObserver {
  /** Of each member's process, by round. */
  readonly #processor = new Map<number, number[]>();
  /** In which each round was drawn. */
  readonly #drawn = new Map<number, number>();

  readonly onReport = (_member: number, report: MemberReport): void => {
    if (report.type !== "round") return;
    const { round, totals } = report;
    this.#processor.set(round, [...(this.#processor.get(round) ?? []), totals.processorSeconds]);
  };

  readonly onSnapshot: NonNullable<FederationObserver["onSnapshot"]> = ({ view }) => {
    if (view.phase === "draw" && !this.#drawn.has(view.round)) this.#drawn.set(view.round, view.blockNumber);
  };

  /** Of a process in a round. */
  processorSeconds(isApart: boolean): number {
    const byRound = [...this.#processor].sort(([a], [b]) => a - b).map(([, each]) => each);
    // Members of one process read the same clock, the last one the latest.
    const at = byRound.map((each) => (isApart ? each.reduce((a, b) => a + b, 0) / each.length : Math.max(...each)));
    return median(at.slice(1).map((seconds, index) => seconds - (at[index] as number)));
  }

  blocks(): number {
    const at = [...this.#drawn].sort(([a], [b]) => a - b).map(([, block]) => block);
    return median(
      at
        .slice(1)
        .map((block, index) => block - (at[index] as number))
        .slice(1),
    );
  }
}

/** The median of five, after a warm-up. */
async function trainingProcessorSeconds({ data, settings, spec, model }: Federation): Promise<number> {
  const trainer = await openTrainer(model, { examples: data.holdings[0]?.train.count ?? 0, place: "shared" });
  const params = trainer.initialParams(spec.seed);
  const plan = planOf(spec, 1);
  const seconds: number[] = [];
  for (let repetition = 0; repetition < 6; repetition++) {
    const before = process.cpuUsage();
    for (const { train: examples } of data.holdings) {
      await trainer.train({ params, examples, plan, seed: [settings.seed, repetition] });
    }
    const { user, system } = process.cpuUsage(before);
    seconds.push((user + system) / 1e6);
  }
  await trainer.close();
  return median(seconds.slice(1));
}
