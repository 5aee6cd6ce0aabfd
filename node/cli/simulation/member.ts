import { randomBytes } from "node:crypto";
import { fromHex, type Hex } from "../../core/bytes.ts";
import { messageOf, PacelineError } from "../../core/errors.ts";
import type { PeerState } from "../../protocol/state.ts";
import type { Endpoint } from "../../chain/endpoint.ts";
import { createSender } from "../../chain/sender.ts";
import type { JobWatcher } from "../../chain/jobWatcher.ts";
import { createJobChain, readTerms, type JobAddresses } from "../../chain/viemJob.ts";
import { archiving } from "../../daemon/job/archive.ts";
import { machineClock } from "../../daemon/time/clock.ts";
import { evaluationOf } from "../../daemon/job/evaluation.ts";
import type { JobSpec } from "../../daemon/job/jobSpec.ts";
import { createLearner } from "../../daemon/learning/learner.ts";
import { openLibp2pNetwork, openParticipantStorage, openTrainer } from "../../daemon/adapters.ts";
import { startParticipant, type Participant } from "../../daemon/participant/participant.ts";
import type { ActivitySeconds } from "../../daemon/time/stopwatch.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { Model } from "../../training/models/model.ts";
import type { Holding } from "./data.ts";
import { misbehave, misbehaviourIn } from "./misbehaviour.ts";
import type { SimulationSettings } from "./settings.ts";

/** All that one simulated participant is told; plain data, so that it can be sent to another process. */
export interface MemberConfig {
  readonly index: number;
  readonly settings: SimulationSettings;
  readonly spec: JobSpec;
  readonly model: Model;
  readonly addresses: JobAddresses;
  readonly chainId: number;
  readonly socketUrl: string;
  readonly operatorKey: Hex;
  /** Folder of its storage. */
  readonly home: string;
  /** Folder that keeps its blobs for ever. */
  readonly archive: string | undefined;
  readonly holding: Holding;
  /** Where given, the member measures the global model on it after every round. */
  readonly test: Dataset | undefined;
}

/** What one simulated participant tells the simulation. */
export type MemberReport =
  | {
      readonly type: "model";
      readonly modelId: Hex;
      readonly updates: number;
      readonly metrics: Readonly<Record<string, number>>;
      readonly loss: number;
    }
  | { readonly type: "round"; readonly round: number; readonly seconds: ActivitySeconds; readonly totals: MemberTotals }
  | { readonly type: "doing"; readonly text: string }
  | {
      readonly type: "problem";
      /** What was tried, such as `train`. */
      readonly what: string;
      readonly message: string;
      /** Whether the round goes on without it; otherwise it would fail the same way for ever. */
      readonly passes: boolean;
    };

/** Since the member's start. */
export interface MemberTotals {
  readonly gas: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly residentMB: number;
  /** Of its process, which it may share. */
  readonly processorSeconds: number;
}

/** What members of one process share. */
export interface MemberSurroundings {
  readonly endpoint: Endpoint;
  readonly watcher: JobWatcher;
}

const RELAY_SECONDS = 2;
const RETRY_SECONDS = 1;

/** Starts one participant of a simulation, honest or not. */
export async function startMember(
  config: MemberConfig,
  surroundings: MemberSurroundings,
  report: (report: MemberReport) => void,
): Promise<Participant> {
  const { spec, settings, index, holding, test } = config;
  const { endpoint, watcher } = surroundings;
  const terms = await readTerms(endpoint, config.addresses.job);
  const trainer = await openTrainer(config.model, {
    examples: holding.train.count,
    place: settings.isolate === "none" ? "shared" : "alone",
  });
  const honest = createLearner({
    trainer,
    train: holding.train,
    validation: holding.validation,
    spec,
    seed: [settings.seed, index],
  });
  let gas = 0;
  let round = 0;
  const learner = misbehave(honest, settings, index);
  const ownStorage = await openParticipantStorage(config.home);
  const storage = config.archive === undefined ? ownStorage : archiving(ownStorage, config.archive);
  const privateKey = fromHex(config.operatorKey);

  const onState = (state: PeerState): void => {
    const { view } = state;
    if (view === undefined) return;
    report({ type: "doing", text: doing(state) });
    const over = view.phase === "finished" || view.phase === "failed" ? view.round + 1 : view.round;
    if (over <= round) return;
    if (round > 0) report({ type: "round", round, seconds: participant.takeSeconds(), totals: totals() });
    round = over;
  };
  const tellProblem = (what: string, error: unknown): void =>
    report({ type: "problem", what, message: describe(error), passes: isPassed(error) });
  const totals = (): MemberTotals => {
    const { bytesSent, bytesReceived } = participant.counters();
    const residentMB = Math.round(process.memoryUsage.rss() / 2 ** 20);
    const { user, system } = process.cpuUsage();
    return { gas, bytesSent, bytesReceived, residentMB, processorSeconds: (user + system) / 1e6 };
  };
  const participant = await startParticipant({
    chain: createJobChain(endpoint, config.addresses, terms, createSender(endpoint, config.operatorKey), watcher),
    openNetwork: openLibp2pNetwork(privateKey, { listen: ["/ip4/127.0.0.1/tcp/0"] }),
    storage,
    learner,
    spec,
    privateKey,
    initialParams: () => trainer.initialParams(spec.seed),
    clock: machineClock,
    randomBytes: (count) => new Uint8Array(randomBytes(count)),
    relaySeconds: RELAY_SECONDS,
    retrySeconds: RETRY_SECONDS,
    misbehaviour: misbehaviourIn(settings),
    observer: {
      onState: (state) => queueMicrotask(() => onState(state)),
      onReceipt: (_, receipt) => (gas += receipt.gasUsed),
      onProblem: tellProblem,
      onModel: ({ modelId, updates, params }) => {
        if (test === undefined) return;
        trainer.evaluate(params, test, evaluationOf(spec, config.model)).then(
          ({ loss = 0, metrics }) => report({ type: "model", modelId, updates, loss, metrics }),
          (error: unknown) => tellProblem("evaluate", error),
        );
      },
    },
  });
  return {
    ...participant,
    async stop() {
      await participant.stop();
      await trainer.close();
      storage.close();
    },
  };
}

/** As in effects/training.ts. */
function isPassed(error: unknown): boolean {
  return error instanceof PacelineError && (error.code === "diverged" || error.code === "bad-argument");
}

function describe(error: unknown): string {
  return error instanceof PacelineError ? `${error.code}: ${error.message}` : messageOf(error);
}

function doing({ view, tasks }: PeerState): string {
  const underWay = [...tasks].filter(([, task]) => task.nextAt === Infinity);
  const running = underWay.map(([key]) => /^(?:\d+:)?(\w+)/.exec(key)?.[1] ?? key);
  return running.length > 0 ? [...new Set(running)].join(", ") : view?.phase === "finished" ? "done" : "waiting";
}
