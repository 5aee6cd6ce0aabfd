import type { Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { hasBit, setBit } from "./bitmap.ts";
import type { BlobRequest } from "./frames.ts";

/** A peer that may hold a blob, and the way to ask it. */
export interface Holder {
  readonly operator: Address;
  /** Requests that it has not answered yet, over all fetches. */
  load(): number;
  /** What arrives of an answer, in bytes a millisecond; undefined before that was seen. */
  rate(): number | undefined;
  /** Writes the answer to `target`. False where it is not held; throws `timeout`, `bad-message` or `closed` (see BlobLink). */
  request(request: BlobRequest, target: Uint8Array, signal: AbortSignal): Promise<boolean>;
  /** It sent bytes that are not what the root commits to. */
  reportWrongBytes(error: PacelineError): void;
}

/** Why a holder did not deliver, from the mildest to the gravest: the gravest is what the caller is told. */
const FAILURES = ["not-found", "timeout", "bad-blob"] as const;
export type Failure = (typeof FAILURES)[number];

/** Chunks asked of one holder ahead in one fetch. */
const AHEAD = 3;
/** Deadlines a holder may miss. */
const STRIKES = 2;
/** How long a holder that was too slow is asked nothing new while there are others, in milliseconds. */
const BENCH_MS = 5_000;
/** How often a holder of a part may have nothing new. */
const MAX_IDLE_POLLS = 20;

/** What one fetch knows of one holder. */
export class Source {
  readonly holder: Holder;
  /** Whether the caller named it as holding the blob; others are asked what they have. */
  readonly promised: boolean;
  failure: Failure | undefined;
  outstanding = 0;
  /** Until it has been waited for, it is not asked again what it has. */
  resting = false;
  /** All, until it says otherwise; undefined before it was asked. */
  #held: "all" | Uint8Array | undefined;
  #losses = 0;
  #benchedUntil = -Infinity;
  #strikes = 0;
  #idlePolls = 0;
  /** Counts the deadlines it missed: requests that fail together are one strike. */
  #misses = 0;

  constructor(holder: Holder, promised: boolean) {
    this.holder = holder;
    this.promised = promised;
    this.#held = promised ? "all" : undefined;
  }

  get isActive(): boolean {
    return this.failure === undefined;
  }

  get misses(): number {
    return this.#misses;
  }

  get hasRoom(): boolean {
    return this.isActive && this.outstanding < AHEAD;
  }

  /** Whether it must be asked what it has. */
  get isPartial(): boolean {
    return this.#held !== "all";
  }

  get isKnown(): boolean {
    return this.#held !== undefined;
  }

  has(chunk: number): boolean {
    return this.#held === "all" || (this.#held !== undefined && hasBit(this.#held, chunk));
  }

  tells(bitmap: Uint8Array): void {
    const before = this.#held;
    this.#idlePolls =
      before !== undefined && before !== "all" && Buffer.compare(before, bitmap) === 0 ? this.#idlePolls + 1 : 0;
    this.#held = bitmap;
    if (this.#idlePolls >= MAX_IDLE_POLLS) this.failure = "not-found";
  }

  /**
   * It does not have what it was asked for.
   * @param chunk undefined where it has nothing at all
   * @param mayBePartial whether the blob has several chunks, so that it can have some of them
   */
  lacks(chunk: number | undefined, mayBePartial: boolean): void {
    if (!mayBePartial) this.failure = "not-found";
    else if (this.#held === "all") this.#held = undefined;
    else if (chunk !== undefined && this.#held !== undefined) setBit(this.#held, chunk, false);
    else if (this.promised || ++this.#idlePolls >= MAX_IDLE_POLLS) this.failure = "not-found";
  }

  /** Another was faster with what it was asked for: it stands back for a while, longer each time. */
  lost(now: number): void {
    this.#benchedUntil = now + BENCH_MS * ++this.#losses;
  }

  isBenched(now: number): boolean {
    return now < this.#benchedUntil;
  }

  /** @param askedAfter what `misses` was when it was asked */
  missedDeadline(askedAfter: number): void {
    if (askedAfter !== this.#misses) return;
    this.#misses++;
    if (++this.#strikes >= STRIKES) this.failure = "timeout";
  }
}

/** A peer that breaks the protocol is as bad as one that sends wrong bytes. Throws what is no failure of a holder. */
export function failureOf(error: unknown): Failure {
  const code = error instanceof PacelineError ? error.code : undefined;
  if (code === "not-found" || code === "timeout") return code;
  if (code === "bad-blob" || code === "bad-message") return "bad-blob";
  throw error;
}

export function gravest(failures: readonly (Failure | undefined)[]): Failure {
  return FAILURES.findLast((failure) => failures.includes(failure)) ?? "not-found";
}
