import type { Address } from "../../../core/bytes.ts";
import { genesisHash, termsOf, toUnits } from "../../../daemon/job/jobSpec.ts";
import { simulatedAccounts } from "../../../simulation/accounts.ts";
import { Churn } from "../../../simulation/churn.ts";
import { VirtualFederation } from "../../../simulation/federation.ts";
import type { VirtualMember } from "../../../simulation/peer.ts";
import { TOKEN_DECIMALS } from "../federation.ts";
import { misbehave, misbehaviourIn } from "../misbehaviour.ts";
import { openVirtualLearning, type Quality, type VirtualLearning } from "./learning.ts";
import { virtualReport, type VirtualReport } from "./report.ts";
import type { VirtualSettings } from "./settings.ts";

const TOKEN: Address = `0x${"c0".repeat(20)}`;

/**
 * Runs a whole job among virtual peers.
 * @param onStage what is being done, for people
 * @throws PacelineError `bad-input`; `timeout` where the job does not end
 */
export async function runVirtual(settings: VirtualSettings, onStage: (stage: string) => void): Promise<VirtualReport> {
  const started = performance.now();
  onStage("loading the data");
  const learning = await openVirtualLearning(settings);
  try {
    const qualities = new Map<number, Promise<Quality | undefined>>();
    onStage("registering the peers");
    const { federation, churn } = openFederation(settings, learning, qualities, onStage);
    const ready = performance.now();
    const before = process.cpuUsage();
    await federation.run();
    const { user, system } = process.cpuUsage(before);
    const measured = await Promise.all(
      [...qualities].map(async ([updates, quality]) => [updates, await quality] as const),
    );
    return virtualReport({
      federation,
      settings,
      qualities: new Map(measured.flatMap(([updates, quality]) => (quality === undefined ? [] : [[updates, quality]]))),
      left: churn.left,
      cost: {
        setupSeconds: (ready - started) / 1000,
        runSeconds: (performance.now() - ready) / 1000,
        processorSeconds: (user + system) / 1e6,
        residentMB: Math.round(process.resourceUsage().maxRSS / 1024),
      },
    });
  } finally {
    await learning.close();
  }
}

function openFederation(
  settings: VirtualSettings,
  learning: VirtualLearning,
  qualities: Map<number, Promise<Quality | undefined>>,
  onStage: (stage: string) => void,
): { federation: VirtualFederation; churn: Churn } {
  const { simulation, loss, delay, churn: perRound } = settings;
  const { initialParams, spec } = learning;
  const accounts = simulatedAccounts(simulation.participants + perRound * spec.rounds, simulation.seed);
  const memberAt = (index: number): VirtualMember => ({
    account: accounts[index] as (typeof accounts)[number],
    learner: misbehave(learning.learner(index), simulation, index),
    behaviour: { misbehaviour: misbehaviourIn(simulation) },
  });
  const terms = termsOf(spec, { address: TOKEN, decimals: TOKEN_DECIMALS }, genesisHash(initialParams));
  const federation = new VirtualFederation({
    terms,
    spec,
    pool: toUnits(simulation.pool, TOKEN_DECIMALS),
    seed: simulation.seed,
    members: accounts.slice(0, simulation.participants).map((_, index) => memberAt(index)),
    initialParams,
    conditions: { dropRate: loss, messageSeconds: delay },
    observer: {
      onModel: ({ updates, params }) => qualities.set(updates, learning.evaluate(params)),
    },
  });
  const churn = new Churn(federation, { perRound, seed: simulation.seed, newcomer: memberAt });
  federation.onPhase(({ phase, round }) => {
    if (phase === "commit") onStage(`round ${round} of ${terms.rounds}`);
  });
  return { federation, churn };
}
