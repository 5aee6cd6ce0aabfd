import { randomBytes } from "node:crypto";
import { toHex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import type { Phase, RoundView } from "../core/roundView.ts";
import { openEndpoint, requireContract, type Endpoint } from "../chain/endpoint.ts";
import { readWallet } from "../chain/registration.ts";
import { createSender } from "../chain/sender.ts";
import { createJobChain, createJobWatcher, readTerms } from "../chain/viemJob.ts";
import type { JobChain } from "../chain/chain.ts";
import type { PeerState } from "../protocol/state.ts";
import type { EvaluationResult } from "../training/metrics/evaluation.ts";
import { openLibp2pNetwork, openParticipantStorage } from "./adapters.ts";
import { machineClock } from "./clock.ts";
import { evaluationText } from "./evaluation.ts";
import { jobFolder } from "./home.ts";
import { requireSameSpec } from "./jobFile.ts";
import { openLearning } from "./learning.ts";
import type { Log } from "./log.ts";
import { takeOverOperator } from "./ownOperator.ts";
import { startParticipant, type ParticipantObserver } from "./participant.ts";
import type { DaemonSettings } from "./settings.ts";
import { watchStanding } from "./standing.ts";

/** How a daemon's run ended. */
export interface DaemonEnd {
  readonly phase: Phase | "unknown";
  readonly round: number;
  readonly modelId: string;
  /** Whether it was told to stop before the job's end. */
  readonly interrupted: boolean;
}

/**
 * Takes part in a job until it ends or `signal` says stop. What fails on the way (an endpoint that is gone, a peer that does
 * not answer) is logged and tried again.
 * @throws PacelineError where it cannot start: `chain-unreachable`, `wrong-chain`, `not-registered`, `bad-input`, `storage-failed`
 */
export async function runDaemon(
  settings: DaemonSettings,
  privateKey: Uint8Array,
  log: Log,
  signal: AbortSignal,
): Promise<DaemonEnd> {
  const cleanUp: (() => unknown)[] = [];
  try {
    const endpoint = await openEndpoint(settings.rpc, settings.deployment.chainId);
    cleanUp.push(() => endpoint.close());
    const chain = await openOwnJob(settings, privateKey, endpoint);
    const wallet = await readWallet(endpoint, settings.deployment.registry, chain.operator);
    await takeOverOperator(chain, wallet, log);
    const operatorSeed = Number.parseInt(chain.operator.slice(2, 10), 16);
    const learning = await openLearning(settings, [settings.data.seed, operatorSeed]);
    cleanUp.push(() => learning.close());
    const storage = await openParticipantStorage(jobFolder(settings.home, endpoint.chainId, chain.job));
    cleanUp.push(() => storage.close());
    const end = new JobEnd();
    const observer = observe(log, end, learning.evaluate);
    const participant = await startParticipant({
      chain,
      openNetwork: openLibp2pNetwork(privateKey, {
        listen: settings.listen,
        ...(settings.announce.length === 0 ? {} : { announce: settings.announce }),
      }),
      storage,
      learner: learning.learner,
      spec: settings.spec,
      privateKey,
      initialParams: learning.initialParams,
      clock: machineClock,
      randomBytes: (count) => new Uint8Array(randomBytes(count)),
      relaySeconds: settings.relaySeconds,
      retrySeconds: settings.retrySeconds,
      observer,
    });
    cleanUp.push(() => participant.stop());
    const contacts = participant.network.contacts();
    log.event(
      "started",
      {
        operator: chain.operator,
        job: chain.job,
        chainId: chain.chainId,
        contacts,
        examples: learning.learner.exampleCount,
      },
      `operator ${chain.operator} takes part in job ${chain.job} with ${learning.learner.exampleCount} examples; listening on ${contacts.join(" ")}`,
    );
    const interrupted = await end.reached(signal, settings.lingerSeconds, log);
    const { view } = participant.state();
    return {
      phase: view?.phase ?? "unknown",
      round: view?.round ?? 0,
      modelId: participant.model().modelId,
      interrupted,
    };
  } finally {
    for (const step of cleanUp.reverse()) await step();
  }
}

/** The job as this operator sees it, once everything that must be so is so. */
async function openOwnJob(
  { deployment, job, spec }: DaemonSettings,
  privateKey: Uint8Array,
  endpoint: Endpoint,
): Promise<JobChain> {
  await requireContract(endpoint, deployment.registry, "registry");
  const terms = await readTerms(endpoint, job.address);
  requireSameSpec(job.file, spec, terms);
  const addresses = {
    job: job.address,
    registry: deployment.registry,
    court: deployment.court,
    fromBlock: job.fromBlock,
  };
  const chain = createJobChain(
    endpoint,
    addresses,
    terms,
    createSender(endpoint, toHex(privateKey)),
    createJobWatcher(endpoint, addresses),
  );
  if (!(await chain.isOperator(chain.operator))) {
    throw new PacelineError(
      "not-registered",
      `operator ${chain.operator} is bound to no wallet: run \`paceline register\` first`,
    );
  }
  return chain;
}

/** Tells when the job is over and this peer has its last model. */
class JobEnd {
  #onEnd: (phase: Phase) => void = () => undefined;
  readonly #ended = new Promise<Phase>((resolve) => (this.#onEnd = resolve));

  look({ view, modelId }: PeerState): void {
    if ((view?.phase === "finished" || view?.phase === "failed") && view.modelId === modelId) this.#onEnd(view.phase);
  }

  /** @returns whether `signal` came before the job's end */
  async reached(signal: AbortSignal, lingerSeconds: number, log: Log): Promise<boolean> {
    const phase = await Promise.race([this.#ended, aborted(signal)]);
    if (phase === undefined) {
      log.event("stopping", {}, "stopping");
      return true;
    }
    log.event("ended", { phase, lingerSeconds }, `the job is ${phase}; serving others for ${lingerSeconds} s more`);
    let timer: NodeJS.Timeout | undefined;
    const lingered = new Promise<void>((resolve) => (timer = setTimeout(resolve, lingerSeconds * 1000)));
    await Promise.race([lingered, aborted(signal)]);
    clearTimeout(timer);
    return false;
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

type Evaluate = (params: Float32Array) => Promise<EvaluationResult | undefined>;

/** Turns what the participant tells into log lines. */
function observe(log: Log, end: JobEnd, evaluate: Evaluate): ParticipantObserver {
  let seen: RoundView | undefined;
  const tellStanding = watchStanding(log);
  return {
    onState(state) {
      const { view } = state;
      end.look(state);
      tellStanding(state);
      if (view === undefined || (view.phase === seen?.phase && view.round === seen.round)) return;
      seen = view;
      log.event(
        "phase",
        { round: view.round, phase: view.phase, blockNumber: view.blockNumber },
        `round ${view.round}: ${view.phase}`,
      );
    },
    onModel({ modelId, updates, params }) {
      evaluate(params).then(
        (evaluation) => {
          if (evaluation === undefined) return;
          const { loss, metrics } = evaluation;
          const text = `model ${updates}: ${evaluationText(evaluation)} on the own validation split`;
          log.event("model", { modelId, updates, ...(loss === undefined ? {} : { loss }), ...metrics }, text);
        },
        (error: unknown) => log.problem("evaluate", error),
      );
    },
    onReceipt(call, { gasUsed, blockNumber }) {
      log.event(
        "transaction",
        { call, gasUsed, blockNumber, round: seen?.round ?? 0 },
        `${call}: in block ${blockNumber}, ${gasUsed} gas`,
      );
    },
    onClockOffset(seconds) {
      const side = seconds < 0 ? "ahead of" : "behind";
      const text = `this machine's clock is ${Math.abs(seconds).toFixed(0)} s ${side} the chain's; deadlines are kept by the chain's: set the clock`;
      log.event(
        "clock",
        { offsetSeconds: seconds },
        Math.abs(seconds) < 1 ? "this machine's clock is right again" : text,
      );
    },
    onProblem: (what, error) => log.problem(what, error),
  };
}
