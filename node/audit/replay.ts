import { Revert, type Block } from "../chain/memory/block.ts";
import { EventLog, type JobEvent } from "../chain/memory/eventLog.ts";
import { newJob, type JobState } from "../chain/memory/jobStorage.ts";
import { Ledgers } from "../chain/memory/ledgers.ts";
import { enter } from "../chain/memory/slashing.ts";
import type { Hex } from "../core/bytes.ts";
import type { Phase } from "../core/roundView.ts";
import { applyCall, decodeCall, type Call } from "./calls.ts";
import { firstMismatch } from "./compareEvents.ts";
import { Differs } from "./difference.ts";
import { describeMismatch } from "./items.ts";
import type { OpenedJob, RecordedBlock, RecordedCall, RecordedTransaction } from "./record.ts";
import { ReplayedRegistry } from "./registry.ts";
import { postedBefore, skippedOf, type Skipped } from "./skipped.ts";

/** Hashes of older blocks cannot be read by a contract. */
const READABLE_HASHES = 256;
/** Of one round; the first of them says most. */
const MAX_SKIPPED = 1_000;

/** Events that say which entries of a posting counted. */
const FOLLOWS: ReadonlySet<unknown> = new Set(["IncludeSetFixed", "Attested", "ScoreCommitted", "ScoreOpened"]);

/** Where in a job something happened. */
interface Place {
  readonly round: number;
  readonly phase: Phase;
}

/**
 * A job once more, transaction by transaction, by the rules of the chain's twin: from what was posted it works out what the
 * contracts must have said, and compares. Nothing that the job's log says is believed.
 */
export class Replay {
  readonly job: JobState;
  readonly registry = new ReplayedRegistry();
  readonly #pool: bigint;
  readonly #hashes = new Map<number, Hex>();
  #said: JobEvent[] = [];
  #skipped: Skipped[] = [];
  /** Postings that did not count, in all rounds. */
  skippedCount = 0;
  #indirect = false;

  constructor({ chainId, job, terms, sponsor, pool }: OpenedJob) {
    const log = new EventLog((_, event) => this.#said.push(event));
    const ledgers = new Ledgers(this.registry, log);
    this.job = newJob({ domain: { chainId, job }, terms, sponsor, registry: this.registry, ledgers, log });
    this.#pool = pool;
  }

  /** A block before its transactions. */
  begin({ number, hash }: RecordedBlock): void {
    this.#hashes.set(number, hash);
    for (const old of this.#hashes.keys()) if (old < number - READABLE_HASHES) this.#hashes.delete(old);
  }

  /** @throws Differs where the chain did something else */
  transact(block: RecordedBlock, transaction: RecordedTransaction): void {
    const { job } = this;
    const place = { round: job.round, phase: job.phase };
    this.#said = [];
    for (const change of transaction.registry) this.registry.apply(change);
    if (transaction.events.some(({ name }) => name === "JobOpened")) this.#open(block);
    const skippedBefore = this.#skipped.length;
    const calls = transaction.calls.map((call) => this.#call(block, transaction, place, call));
    this.#compare(block, transaction, place, this.#skipped.slice(skippedBefore));
    if (transaction.authentic === false) {
      const [skipped] = this.#skipped.slice(skippedBefore);
      throw differs(block, transaction, place, {
        item: skipped?.item ?? `calldata of ${calls.map((call) => call?.functionName ?? "an unknown call").join(", ")}`,
        chain: `a transaction whose bytes or sender are not those that its hash stands for`,
        replay: skipped === undefined ? "other bytes were signed" : `the ${skipped.item} ${skipped.reason}`,
      });
    }
    if (job.round !== place.round) this.#skipped = [];
  }

  #open(block: RecordedBlock): void {
    const { domain, ledgers, sponsor, terms } = this.job;
    enter(this.job, "joining", this.#blockOf(block, sponsor));
    ledgers.balances.add(this.#pool, terms.token, sponsor);
    ledgers.openJob(domain.job, sponsor, terms.token, terms.stakeToken, this.#pool);
  }

  #call(
    block: RecordedBlock,
    transaction: RecordedTransaction,
    place: Place,
    recorded: RecordedCall,
  ): Call | undefined {
    const call = decodeCall(recorded);
    if (call === undefined) return undefined;
    const before = postedBefore(this.job);
    try {
      applyCall(this.job, this.#blockOf(block, recorded.sender), call);
    } catch (error) {
      if (!(error instanceof Revert)) throw error;
      const refusal = `${error.error}(${error.args.map(String).join(", ")})`;
      throw differs(block, transaction, place, this.#refused(call.functionName, refusal));
    }
    const skipped = skippedOf(before, this.job, call);
    this.skippedCount += skipped.length;
    if (this.#skipped.length < MAX_SKIPPED) this.#skipped.push(...skipped);
    return call;
  }

  /** @param skipped of this transaction */
  #compare(block: RecordedBlock, transaction: RecordedTransaction, place: Place, skipped: readonly Skipped[]): void {
    const mismatch = firstMismatch(transaction.events, this.#said);
    if (mismatch === undefined) return;
    const described = describeMismatch(this.job, mismatch);
    const [cause] = mismatch.path.length === 0 ? this.#skipped : FOLLOWS.has(mismatch.chain?.name) ? skipped : [];
    const details =
      cause === undefined
        ? described
        : {
            item: cause.item,
            chain: `it counted: ${described.chain}`,
            replay: `it ${cause.reason}, so ${described.replay}`,
          };
    throw differs(block, transaction, place, { ...details, ...this.#hint() });
  }

  #refused(name: string, refusal: string): Details {
    const [skipped] = this.#skipped;
    const said = { chain: `${name} succeeded`, ...this.#hint() };
    return skipped === undefined
      ? { item: name, replay: `it is refused: ${refusal}`, ...said }
      : { item: skipped.item, replay: `it ${skipped.reason}, and so ${name} is refused: ${refusal}`, ...said };
  }

  #hint(): { readonly hint?: string } {
    if (!this.#indirect) return {};
    return {
      hint: "calls came through other contracts, and this endpoint does not trace them: use one that offers debug_traceTransaction",
    };
  }

  /** From here on a difference may come from calls that could not be seen. */
  missedCalls(): void {
    this.#indirect = true;
  }

  #blockOf({ number, time }: RecordedBlock, sender: Block["sender"]): Block {
    const hashOf = (at: number): Hex | undefined =>
      at >= number || at < number - READABLE_HASHES ? undefined : this.#hashes.get(at);
    return { number, time, sender, hashOf };
  }
}

interface Details {
  readonly item: string;
  readonly chain: string;
  readonly replay: string;
  readonly hint?: string;
}

function differs({ number }: RecordedBlock, { hash }: RecordedTransaction, place: Place, details: Details): Differs {
  return new Differs({ ...place, ...details, block: number, transaction: hash });
}
