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
/** How often in turn a holder may have nothing new, or not have what it said it has. */
const MAX_DISAPPOINTMENTS = 20;

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
  /** Chunks that it ever said it has: to say so of one again is no progress. */
  readonly #claimed = new Set<number>();
  #losses = 0;
  #benchedUntil = -Infinity;
  #strikes = 0;
  #disappointments = 0;
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

  /** It says what it has. Whoever is fetching the blob itself has more every now and then; one that never does is left. */
  tells(bitmap: Uint8Array): void {
    const before = this.#claimed.size;
    for (let chunk = 0; chunk < 8 * bitmap.length; chunk++) if (hasBit(bitmap, chunk)) this.#claimed.add(chunk);
    this.#held = bitmap;
    if (this.#claimed.size > before) this.#disappointments = 0;
    else this.#disappoints();
  }

  /** A chunk came from it that fits the root. */
  delivered(): void {
    this.#disappointments = 0;
  }

  /**
   * It does not have what it was asked for. Where it had said that it has, that counts: else one that keeps back a single chunk, and
   * says each time that it has all, would keep the fetch open for ever.
   * @param chunk undefined where it has nothing at all
   * @param mayBePartial whether the blob has several chunks, so that it can have some of them
   */
  lacks(chunk: number | undefined, mayBePartial: boolean): void {
    if (!mayBePartial) this.failure = "not-found";
    else if (this.#held === "all") this.#held = undefined;
    else if (chunk === undefined && this.promised) this.failure = "not-found";
    else if (chunk === undefined) this.#disappoints();
    else if (this.#held !== undefined) {
      setBit(this.#held, chunk, false);
      this.#disappoints();
    }
  }

  #disappoints(): void {
    if (++this.#disappointments >= MAX_DISAPPOINTMENTS) this.failure ??= "not-found";
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
