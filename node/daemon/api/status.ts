import { statfs } from "node:fs/promises";
import type { Endpoint } from "../../chain/endpoint.ts";
import type { EndpointStatus } from "../../chain/endpoints/members.ts";
import type { Address } from "../../core/bytes.ts";
import type { Host } from "../../network/network.ts";
import { memberIdOf, ownSeat } from "../../protocol/places.ts";
import type { FollowedJob, FollowedJobs, FollowedState } from "../followedJobs.ts";
import type { Failed } from "../cleanUp.ts";
import type { RunningJob } from "../jobRun.ts";
import type { LogLevel } from "../log.ts";

/** One job as the daemon sees it. */
export interface JobStatus {
  readonly job: Address;
  readonly state: FollowedState;
  readonly error?: Failed;
  readonly round?: number;
  readonly phase?: string;
  readonly now?: JobNow;
  readonly transactions: Readonly<Record<string, number>>;
  readonly gas: number;
  readonly problems: number;
}

/** What only a job at work has. */
export interface JobNow {
  readonly rounds: number;
  readonly blockNumber: number;
  readonly modelId: string;
  /** Settled rounds that are in the model. */
  readonly modelUpdates: number;
  readonly examples: number;
  /** −1 before it has joined. */
  readonly memberId: number;
  /** −1 for none in this round. */
  readonly seat: number;
  readonly peers: number;
  readonly messagesReceived: number;
  /** Messages that were ignored or rejected, by code. */
  readonly messagesRefused: Readonly<Record<string, number>>;
  readonly clockOffsetSeconds: number;
  readonly blobBytes: number;
}

/** A daemon as it is now. */
export interface DaemonStatus {
  readonly pid: number;
  readonly startedAt: string;
  readonly operator: Address;
  readonly chainId: number;
  readonly endpoints: readonly EndpointStatus[];
  readonly logLevel: LogLevel;
  readonly contacts: readonly string[];
  readonly peers: readonly Address[];
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Of the operator, in wei; null where the endpoint does not answer. */
  readonly balance: string | null;
  /** Null where the system does not tell. */
  readonly diskFreeBytes: number | null;
  readonly residentBytes: number;
  readonly cpuSeconds: number;
  readonly jobs: readonly JobStatus[];
}

export interface StatusSources {
  readonly home: string;
  readonly endpoint: Endpoint;
  readonly host: Host;
  readonly operator: Address;
  readonly jobs: Pick<FollowedJobs, "all">;
  readonly level: () => LogLevel;
}

/** How long a balance is good for, and how long it is waited for; milliseconds. */
const BALANCE_AGE_MS = 10_000;
const BALANCE_WAIT_MS = 2_000;

/** Puts a daemon's status together when somebody asks. */
export class StatusReader {
  readonly #sources: StatusSources;
  readonly #startedAt = new Date().toISOString();
  #balance: { readonly at: number; readonly value: Promise<string | null> } | undefined;

  constructor(sources: StatusSources) {
    this.#sources = sources;
  }

  async read(): Promise<DaemonStatus> {
    const { home, endpoint, host, operator, jobs, level } = this.#sources;
    const all = jobs.all();
    const disk = await statfs(home).catch(() => undefined);
    const { user, system } = process.cpuUsage();
    const counters = all.find(({ running }) => running !== undefined)?.running?.participant.counters();
    return {
      pid: process.pid,
      startedAt: this.#startedAt,
      operator,
      chainId: endpoint.chainId,
      endpoints: endpoint.status(),
      logLevel: level(),
      contacts: host.contacts(),
      peers: host.connected(),
      bytesSent: counters?.bytesSent ?? 0,
      bytesReceived: counters?.bytesReceived ?? 0,
      balance: await this.#readBalance(),
      diskFreeBytes: disk === undefined ? null : disk.bavail * disk.bsize,
      residentBytes: process.memoryUsage.rss(),
      cpuSeconds: (user + system) / 1e6,
      jobs: all.map(jobStatus),
    };
  }

  #readBalance(): Promise<string | null> {
    const now = performance.now();
    if (this.#balance === undefined || now - this.#balance.at > BALANCE_AGE_MS) {
      const { endpoint, operator } = this.#sources;
      const asked = endpoint.client.getBalance({ address: operator }).then(String, () => null);
      const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), BALANCE_WAIT_MS).unref());
      this.#balance = { at: now, value: Promise.race([asked, late]) };
    }
    return this.#balance.value;
  }
}

function jobStatus({ job, state, error, running, result, totals }: FollowedJob): JobStatus {
  const view = running?.participant.state().view ?? result;
  return {
    job,
    state,
    ...(error === undefined ? {} : { error }),
    ...(view === undefined ? {} : { round: view.round, phase: view.phase }),
    ...(running === undefined ? {} : { now: jobNow(running) }),
    transactions: Object.fromEntries(totals.transactions),
    gas: totals.gas,
    problems: totals.problems,
  };
}

function jobNow({ participant, storage, rounds, examples }: RunningJob): JobNow {
  const state = participant.state();
  const { modelId, updates } = participant.model();
  return {
    rounds,
    blockNumber: state.view?.blockNumber ?? 0,
    modelId,
    modelUpdates: updates,
    examples,
    memberId: memberIdOf(state),
    seat: ownSeat(state),
    peers: participant.network.peers().length,
    messagesReceived: participant.counters().messagesReceived,
    messagesRefused: Object.fromEntries(participant.refused()),
    clockOffsetSeconds: participant.clockOffset(),
    blobBytes: storage.blobs().reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
