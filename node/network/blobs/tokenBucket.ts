import { PacelineError } from "../../core/errors.ts";
import type { Clock } from "./clock.ts";

/** Unused allowance is kept for this long, in milliseconds. */
const BURST_MS = 250;

/**
 * So many bytes a second, first come first served. Whoever is next may go as soon as the bucket is not in debt, whatever it takes:
 * so chunks longer than the burst pass, and the rate holds all the same.
 */
export class TokenBucket {
  readonly #rate: number;
  readonly #clock: Clock;
  readonly #waiting: { readonly bytes: number; readonly go: () => void }[] = [];
  #tokens: number;
  #filledAt: number;
  #timer: (() => void) | undefined;

  /** @param bytesPerSecond above 0; Infinity never makes anybody wait */
  constructor(bytesPerSecond: number, clock: Clock) {
    this.#rate = bytesPerSecond / 1000;
    this.#clock = clock;
    this.#tokens = this.#rate * BURST_MS;
    this.#filledAt = clock.now();
  }

  /** @throws PacelineError `closed` when aborted while it waits */
  take(bytes: number, signal?: AbortSignal): Promise<void> {
    if (this.#rate === Infinity) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const leave = (): void => signal?.removeEventListener("abort", onAbort);
      const waiting = { bytes, go: () => (leave(), resolve()) };
      const onAbort = (): void => {
        leave();
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(new PacelineError("closed", "the transfer was aborted"));
      };
      if (signal?.aborted === true) return reject(new PacelineError("closed", "the transfer was aborted"));
      signal?.addEventListener("abort", onAbort);
      this.#waiting.push(waiting);
      this.#serve();
    });
  }

  #serve(): void {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#rate * BURST_MS, this.#tokens + (now - this.#filledAt) * this.#rate);
    this.#filledAt = now;
    while (this.#waiting.length > 0 && this.#tokens >= 0) {
      const next = this.#waiting.shift();
      this.#tokens -= next?.bytes ?? 0;
      next?.go();
    }
    if (this.#waiting.length === 0 || this.#timer !== undefined) return;
    this.#timer = this.#clock.after(Math.max(1, Math.ceil(-this.#tokens / this.#rate)), () => {
      this.#timer = undefined;
      this.#serve();
    });
  }
}
