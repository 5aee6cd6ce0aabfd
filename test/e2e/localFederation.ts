import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSender } from "../../node/chain/sender.ts";
import { createJobWatcher, type JobWatcher } from "../../node/chain/jobWatcher.ts";
import { createJobChain } from "../../node/chain/viemJob.ts";
import { fitFederationData, loadFederationData, type FederationData } from "../../node/cli/simulation/data.ts";
import { DEFAULT_SETTINGS } from "../../node/cli/simulation/settings.ts";
import { fromHex, type Hex } from "../../node/core/bytes.ts";
import { openLibp2pNetwork, openParticipantStorage, openTrainer } from "../../node/daemon/adapters.ts";
import type { Misbehaviour } from "../../node/daemon/learning/behaviours.ts";
import { openJobModel } from "../../node/daemon/job/jobModel.ts";
import { parseJobSpec, type JobSpec, type JobSpecInput } from "../../node/daemon/job/jobSpec.ts";
import { createLearner, type Learner } from "../../node/daemon/learning/learner.ts";
import { machineClock } from "../../node/daemon/time/clock.ts";
import { startParticipant, type Participant } from "../../node/daemon/participant/participant.ts";
import type { PeerState } from "../../node/protocol/state.ts";
import type { Storage } from "../../node/storage/storage.ts";
import type { Model } from "../../node/training/models/model.ts";
import { JobLog } from "./jobLog.ts";
import { openJob, type OpenJob, type TestChain } from "./testChain.ts";

/** What makes a participant other than the others. */
export interface Part {
  readonly misbehaviour?: Misbehaviour;
  readonly learner?: (honest: Learner) => Learner;
  /** Its daemon is stopped as soon as its own view of the chain says so. */
  readonly stopsWhen?: (state: PeerState) => boolean;
  /** Sees every state, before anything follows from it. */
  readonly onState?: (state: PeerState, storage: Storage) => void;
  /** In place of the one that it was enrolled with. */
  readonly operatorKey?: Hex;
}

interface Running {
  readonly participant: Participant;
  stop(): Promise<void>;
}

/** What a federation is put together from. */
interface Parts {
  readonly chain: TestChain;
  readonly spec: JobSpec;
  readonly model: Model;
  readonly data: FederationData;
  readonly job: OpenJob;
  readonly relaySeconds: number;
}

const EXAMPLES_EACH = 120;

/**
 * Participants in one process, each with a libp2p node, a disk and a trainer of its own, as the daemon puts them together.
 * Processes would take seconds to start, and `paceline start` rightly has no way to misbehave.
 */
export class LocalFederation {
  readonly chain: TestChain;
  readonly job: OpenJob;
  readonly log: JobLog;
  /** What failed and was to be tried again. */
  readonly problems: string[] = [];
  readonly #spec: JobSpec;
  readonly #model: Model;
  readonly #data: FederationData;
  readonly #watcher: JobWatcher;
  readonly #folder = mkdtempSync(join(tmpdir(), "paceline-e2e-"));
  readonly #running = new Map<string, Running>();
  readonly #relaySeconds: number;
  readonly #onModel = new Set<() => void>();

  static async open(
    chain: TestChain,
    spec: JobSpecInput,
    { participants, seed, relaySeconds }: { participants: number; seed: number; relaySeconds: number },
  ): Promise<LocalFederation> {
    const parsed = parseJobSpec(spec);
    const model = openJobModel(parsed.model, ".");
    const loaded = await loadFederationData(
      {
        ...DEFAULT_SETTINGS,
        participants,
        seed,
        partition: { kind: "iid" },
        trainExamples: EXAMPLES_EACH * participants,
        testExamples: 10,
      },
      parsed.data.contract,
    );
    const job = await openJob(chain, parsed, participants, seed);
    return new LocalFederation({
      chain,
      spec: parsed,
      model,
      data: fitFederationData(loaded, model),
      job,
      relaySeconds,
    });
  }

  private constructor({ chain, spec, model, data, job, relaySeconds }: Parts) {
    this.chain = chain;
    this.job = job;
    this.log = new JobLog(chain.endpoint, job.addresses);
    this.#spec = spec;
    this.#relaySeconds = relaySeconds;
    this.#watcher = createJobWatcher(chain.endpoint, job.addresses);
    this.#model = model;
    this.#data = data;
  }

  /** Starts them all. */
  async startAll(partOf: (member: number) => Part = () => ({})): Promise<void> {
    await Promise.all(this.job.accounts.map((_, member) => this.start(member, partOf(member))));
  }

  /** @param name of its disk: two daemons of one member never share one */
  async start(member: number, part: Part = {}, name = `p${member}`): Promise<void> {
    const { endpoint } = this.chain;
    const { addresses, accounts, terms } = this.job;
    const storage = await openParticipantStorage(join(this.#folder, name));
    const { train, validation } = this.#data.holdings[member]!;
    const trainer = await openTrainer(this.#model, { examples: train.count, place: "alone" });
    const spec = this.#spec;
    const honest = createLearner({ trainer, train, validation, spec, seed: [member] });
    const key = part.operatorKey ?? accounts[member]!.operatorKey;
    const participant = await startParticipant({
      chain: createJobChain(endpoint, addresses, terms, createSender(endpoint, key), this.#watcher),
      openNetwork: openLibp2pNetwork(fromHex(key), { listen: ["/ip4/127.0.0.1/tcp/0"] }),
      storage,
      learner: part.learner?.(honest) ?? honest,
      spec,
      privateKey: fromHex(key),
      initialParams: () => trainer.initialParams(spec.seed),
      clock: machineClock,
      randomBytes: (count) => new Uint8Array(randomBytes(count)),
      relaySeconds: this.#relaySeconds,
      retrySeconds: 1,
      misbehaviour: part.misbehaviour ?? {},
      observer: {
        onState: (state) => {
          part.onState?.(state, storage);
          if (part.stopsWhen?.(state) === true) void this.stop(name);
        },
        onModel: () => {
          for (const listener of [...this.#onModel]) listener();
        },
        onProblem: (what, error) => this.problems.push(`${name} ${what}: ${String(error)}`),
      },
    });
    this.#running.set(name, {
      participant,
      async stop() {
        await participant.stop();
        await trainer.close();
        storage.close();
      },
    });
  }

  isRunning(name: string): boolean {
    return this.#running.has(name);
  }

  async stop(name: string): Promise<void> {
    const running = this.#running.get(name);
    this.#running.delete(name);
    await running?.stop();
  }

  /** Of a daemon that runs. */
  modelOf(name: string): Hex {
    return this.#running.get(name)!.participant.model().modelId;
  }

  /**
   * Resolves when every daemon that runs holds this model; rejects after `seconds`.
   * @param without the names of those that need not
   */
  agree(modelId: Hex, seconds: number, without: readonly string[] = []): Promise<void> {
    const others = (): readonly string[] =>
      [...this.#running.keys()].filter((name) => !without.includes(name) && this.modelOf(name) !== modelId);
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (others().length > 0) return;
        clearTimeout(deadline);
        this.#onModel.delete(look);
        resolve();
      };
      const deadline = setTimeout(() => {
        this.#onModel.delete(look);
        reject(new Error(`another model after ${seconds} s: ${others().join(", ")}`));
      }, seconds * 1000);
      this.#onModel.add(look);
      look();
    });
  }

  async close(): Promise<void> {
    this.log.close();
    await Promise.all([...this.#running.keys()].map((name) => this.stop(name)));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
