/** Lets through so many bytes a second on average, with a burst of one second's. */
export class TokenBucket {
  readonly #bytesPerSecond: number;
  readonly #now: () => number;
  #emptyUntil = -Infinity;

  /** @param now milliseconds */
  constructor(bytesPerSecond: number, now: () => number = () => performance.now()) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#now = now;
  }

  /** Takes the bytes and says how long to wait before they are sent, in milliseconds. */
  take(bytes: number): number {
    const now = this.#now();
    const start = Math.max(this.#emptyUntil, now - 1_000);
    this.#emptyUntil = start + (bytes * 1_000) / this.#bytesPerSecond;
    return Math.max(0, this.#emptyUntil - now);
  }
}
