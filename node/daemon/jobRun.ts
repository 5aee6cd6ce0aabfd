import { randomBytes } from "node:crypto";
import type { JobChain } from "../chain/chain.ts";
import type { Endpoint } from "../chain/endpoint.ts";
import { isOpenRegistry } from "../chain/openRegistry.ts";
import { readWallet } from "../chain/registration.ts";
import type { Sender } from "../chain/sender.ts";
import { createJobWatcher } from "../chain/jobWatcher.ts";
import { createJobChain, readTerms } from "../chain/viemJob.ts";
import type { Address } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import type { Phase } from "../core/roundView.ts";
import type { Host } from "../network/network.ts";
import type { Storage } from "../storage/storage.ts";
import type { OperatorAccount } from "./account/account.ts";
import { openParticipantStorage } from "./adapters.ts";
import { CleanUp } from "./cleanUp.ts";
import { machineClock } from "./time/clock.ts";
import { jobFolder } from "./home/home.ts";
import { JobEnd } from "./jobEnd.ts";
import { openJobFile, requireSameSpec } from "./job/jobFile.ts";
import { observeJob, type JobTotals } from "./jobObserver.ts";
import type { JobSpec } from "./job/jobSpec.ts";
import { openLearning, watching } from "./learning/learning.ts";
import type { Log } from "./log.ts";
import { takeOverOperator } from "./account/ownOperator.ts";
import { startParticipant, type Participant } from "./participant/participant.ts";
import type { DaemonSettings, JobSettings } from "./settings.ts";

/** What the jobs of a daemon have in common. */
export interface JobSurroundings {
  readonly settings: DaemonSettings;
  readonly privateKey: Uint8Array;
  readonly endpoint: Endpoint;
  readonly sender: Sender;
  readonly spent: OperatorAccount["spent"];
  readonly host: Host;
}

/** How a job stood when the daemon left it. */
export interface JobResult {
  readonly phase: Phase | "unknown";
  readonly round: number;
  readonly modelId: string;
  /** Whether it was told to stop before the job's end. */
  readonly interrupted: boolean;
}

/** A job at work. */
export interface RunningJob {
  readonly participant: Participant;
  readonly storage: Storage;
  readonly rounds: number;
  readonly examples: number;
}

export interface JobRunOptions {
  readonly log: Log;
  readonly totals: JobTotals;
  readonly signal: AbortSignal;
  readonly onRunning: (job: RunningJob) => void;
}

/**
 * Takes part in one job until it ends or `signal` says stop. What fails on the way is logged and tried again.
 * @throws PacelineError where it cannot start: `chain-unreachable`, `not-registered`, `bad-input`, `storage-failed` …
 */
export async function runJob(
  surroundings: JobSurroundings,
  { job, data, engine }: JobSettings,
  { log, totals, signal, onRunning }: JobRunOptions,
): Promise<JobResult> {
  const { settings, privateKey, endpoint, host } = surroundings;
  const cleanUp = new CleanUp(log);
  try {
    const { spec, model } = openJobFile(job.file);
    const chain = await openOwnJob(surroundings, job, spec);
    await takeOverOperator(chain, await readWallet(endpoint, settings.deployment.registry, chain.operator), log);
    const operatorSeed = Number.parseInt(chain.operator.slice(2, 10), 16);
    const learning =
      data === undefined
        ? watching(spec, model)
        : await openLearning({ spec, model, data, engine }, [data.seed, operatorSeed]);
    cleanUp.add("engine", () => learning.close());
    // Others may read it meanwhile: the home's lock sees to it that nobody else writes.
    const storage = await openParticipantStorage(jobFolder(settings.home, endpoint.chainId, chain.job), "share");
    cleanUp.add("job's records", () => storage.close());
    const servesStrangers =
      settings.network.serveStrangers && (await isOpenRegistry(endpoint, settings.deployment.registry));
    const end = new JobEnd();
    const participant = await startParticipant({
      chain,
      openNetwork: (options) => host.follow({ ...options, bootstrap: spec.network?.bootstrap ?? [], servesStrangers }),
      storage,
      learner: learning.learner,
      spec,
      privateKey,
      initialParams: learning.initialParams,
      clock: machineClock,
      randomBytes: (count) => new Uint8Array(randomBytes(count)),
      relaySeconds: settings.relaySeconds,
      retrySeconds: settings.retrySeconds,
      keptRounds: settings.keptRounds,
      trust: settings.trust,
      observer: observeJob({
        log,
        totals,
        evaluate: learning.evaluate,
        onState: (state) => end.look(state),
        onFee: (round, fee) => surroundings.spent(job.address, round, fee),
      }),
    });
    cleanUp.add("participant", () => participant.stop());
    const examples = learning.learner?.exampleCount ?? 0;
    onRunning({ participant, storage, rounds: chain.terms.rounds, examples });
    tellStarted(log, chain, host.contacts(), learning.learner?.exampleCount);
    const interrupted = await end.reached(signal, settings.lingerSeconds, log);
    const { view } = participant.state();
    const { modelId } = participant.model();
    return { phase: view?.phase ?? "unknown", round: view?.round ?? 0, modelId, interrupted };
  } finally {
    await cleanUp.run();
  }
}

/** The job as this operator sees it, once everything that must be so is so. */
async function openOwnJob(
  { settings: { deployment }, endpoint, sender }: JobSurroundings,
  job: JobSettings["job"],
  spec: JobSpec,
): Promise<JobChain> {
  const terms = await readTerms(endpoint, job.address);
  requireSameSpec(job.file, spec, terms);
  const addresses = {
    job: job.address,
    registry: deployment.registry,
    court: deployment.court,
    fromBlock: job.fromBlock,
  };
  const chain = createJobChain(endpoint, addresses, terms, sender, createJobWatcher(endpoint, addresses));
  if (await chain.isOperator(chain.operator)) return chain;
  throw notRegistered(chain.operator);
}

function notRegistered(operator: Address): PacelineError {
  const text = `operator ${operator} is bound to no wallet: run \`paceline register\` first`;
  return new PacelineError("not-registered", text);
}

function tellStarted(
  log: Log,
  { operator, job, chainId }: JobChain,
  contacts: readonly string[],
  examples: number | undefined,
): void {
  const facts = { operator, job, chainId, contacts, examples: examples ?? 0 };
  const does = examples === undefined ? `watches job ${job}` : `takes part in job ${job} with ${examples} examples`;
  const text = `operator ${operator} ${does}; listening on ${contacts.join(" ")}`;
  log.event("started", facts, text);
}
