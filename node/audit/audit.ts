import type { Endpoint } from "../chain/endpoint.ts";
import type { JobState } from "../chain/memory/jobStorage.ts";
import type { Address, Hex } from "../core/bytes.ts";
import { bitsOf, type Phase } from "../core/roundView.ts";
import { Aggregates, type BlobSource, type Genesis, type MissingBlob, type SettledUpdates } from "./aggregates.ts";
import { Differs, type Difference } from "./difference.ts";
import { compareState } from "./finalState.ts";
import { readBlocks, readOpenedJob } from "./readBlocks.ts";
import { Replay } from "./replay.ts";
import type { AuditedJob } from "./source.ts";
import type { OpenedJob, RecordedBlock } from "./record.ts";

/** A job's audit, from its first block on. */

export interface AuditOptions {
  readonly endpoint: Endpoint;
  readonly source: AuditedJob;
  /** The last block; the newest by default. */
  readonly toBlock?: number | undefined;
  /** Undefined: aggregates are not recomputed. */
  readonly blobs?: BlobSource | undefined;
  /** Undefined: the params are not followed. */
  readonly genesis?: Genesis | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly block: number;
  readonly toBlock: number;
  readonly round: number;
  readonly rounds: number;
}

/** What an audit has come to. */
export interface AuditResult {
  /** The first one; undefined where everything reproduces. */
  readonly difference: Difference | undefined;
  readonly chainId: number;
  readonly job: Address;
  readonly specHash: Hex;
  /** That the job promises. */
  readonly rounds: number;
  readonly fromBlock: number;
  readonly toBlock: number;
  /** Of the last block. */
  readonly blockHash: Hex;
  readonly phase: Phase;
  /** Rounds that settled or were skipped, as far as the replay went. */
  readonly settled: number;
  readonly skipped: number;
  /** Settled rounds that were proven wrong on the chain afterwards. */
  readonly provenWrong: readonly number[];
  readonly modelId: Hex;
  /** Settled rounds whose aggregate was recomputed from the updates, or whose own blob alone was read. */
  readonly aggregates: { readonly recomputed: number; readonly read: number; readonly notRead: number };
  readonly missing: readonly MissingBlob[];
  /** sha-256 of the final params; undefined where they were not followed. */
  readonly paramsHash: Hex | undefined;
  readonly blobBytes: number;
  readonly transactions: number;
  /** Entries of postings that did not count: anybody may post anything. */
  readonly skippedEntries: number;
  /** Transactions whose bytes could not be held against their hash. */
  readonly unverified: number;
  /** Whether what the contracts keep at the last block was compared; endpoints forget old states. */
  readonly stateCompared: boolean;
}

/** @throws PacelineError `chain-unreachable`, `wrong-chain`; what the signal was aborted with */
export async function auditJob(options: AuditOptions): Promise<AuditResult> {
  const { endpoint, source } = options;
  const toBlock = options.toBlock ?? Number(await endpoint.client.getBlockNumber());
  const last = await endpoint.client.getBlock({ blockNumber: BigInt(toBlock) });
  const opened = await readOpenedJob(endpoint, source);
  const run = new Run(opened, options);
  const state = { number: toBlock, time: Number(last.timestamp) };
  let stateCompared = false;
  const difference = await firstDifference(run, async () => {
    for await (const block of readBlocks(endpoint, source, toBlock, options.signal)) {
      await run.add(block);
      const { round } = run.replay.job;
      options.onProgress?.({ block: block.number, toBlock, round, rounds: opened.terms.rounds });
    }
    stateCompared = await isStateCompared(endpoint, source, run.replay.job, state);
  });
  const { fromBlock } = source;
  const { chainId, job, terms } = opened;
  const { specHash, rounds } = terms;
  const place = { chainId, job, specHash, rounds, fromBlock, toBlock, blockHash: last.hash };
  return { difference, ...place, ...run.result(), stateCompared };
}

/** A wrong aggregate that nobody has proven counts from when it settled. */
async function firstDifference(run: Run, work: () => Promise<void>): Promise<Difference | undefined> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Differs)) throw error;
    return run.unproven() ?? error.difference;
  }
  return run.unproven();
}

async function isStateCompared(
  endpoint: Endpoint,
  source: AuditedJob,
  job: JobState,
  block: { readonly number: number; readonly time: number },
): Promise<boolean> {
  try {
    await compareState(endpoint, source, job, block);
    return true;
  } catch (error) {
    if (error instanceof Differs) throw error;
    return false;
  }
}

/** What of a result is of the job and the chain. */
type Place = "chainId" | "job" | "specHash" | "rounds" | "fromBlock" | "toBlock" | "blockHash";

/** An audit that goes on block by block. */
export class Run {
  readonly replay: Replay;
  readonly #aggregates: Aggregates;
  readonly #blobs: boolean;
  #outcomes = 0;
  #transactions = 0;
  #unverified = 0;
  readonly #provenWrong = new Set<number>();

  constructor(opened: OpenedJob, { blobs, genesis }: Pick<AuditOptions, "blobs" | "genesis">) {
    this.replay = new Replay(opened);
    this.#blobs = blobs !== undefined;
    this.#aggregates = new Aggregates(opened.terms, blobs ?? NO_BLOBS, genesis);
  }

  /** @throws Differs */
  async add(block: RecordedBlock): Promise<void> {
    this.replay.begin(block);
    for (const transaction of block.transactions) {
      this.#transactions++;
      if (transaction.authentic === undefined) this.#unverified++;
      if (transaction.indirect) this.replay.missedCalls();
      this.replay.transact(block, transaction);
      if (transaction.events.some(({ name }) => name === "RoundFaulty")) this.#markProven();
      await this.#follow();
    }
  }

  unproven(): Difference | undefined {
    const [first] = this.#aggregates.wrong.values();
    return first;
  }

  result(): Omit<AuditResult, "difference" | "stateCompared" | Place> {
    const { job, skippedCount } = this.replay;
    const followed = [...this.#aggregates.followed.values()];
    const count = (how: string): number => followed.filter((each) => each === how).length;
    const settled = job.outcomes.filter((outcome) => outcome.settled !== undefined).length;
    return {
      phase: job.phase,
      settled,
      skipped: job.outcomes.length - settled,
      provenWrong: [...this.#provenWrong],
      modelId: job.modelId,
      aggregates: { recomputed: count("recomputed"), read: count("read"), notRead: count("not-read") },
      missing: this.#blobs ? this.#aggregates.missing : [],
      paramsHash: this.#aggregates.paramsHash,
      blobBytes: this.#aggregates.bytes,
      transactions: this.#transactions,
      skippedEntries: skippedCount,
      unverified: this.#unverified,
    };
  }

  #markProven(): void {
    for (const { round, settled } of this.replay.job.outcomes) {
      if (settled?.faulty !== true) continue;
      this.#provenWrong.add(round);
      this.#aggregates.proven(round);
    }
  }

  async #follow(): Promise<void> {
    const { job } = this.replay;
    for (; this.#outcomes < job.outcomes.length; this.#outcomes++) {
      const { round, settled } = job.outcomes[this.#outcomes]!;
      if (settled !== undefined) await this.#aggregates.settle(updatesOf(job, round, settled.aggregateRoot));
    }
  }
}

/** Of the round that has just settled. */
function updatesOf({ cohort, commits, included }: JobState, round: number, aggregateRoot: Hex): SettledUpdates {
  const updates = bitsOf(included).map((position) => ({
    ...commits.get(position)!.opened!,
    memberId: cohort[position]!,
  }));
  return { round, updates, aggregateRoot };
}

const NO_BLOBS: BlobSource = { read: () => Promise.resolve(undefined) };
