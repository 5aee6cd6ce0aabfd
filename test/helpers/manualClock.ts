import type { Clock } from "../../node/network/blobs/clock.ts";

/** A clock that stands still until it is told to move. */
export class ManualClock implements Clock {
  #now = 0;
  #timers: { readonly at: number; readonly work: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, work: () => void): () => void {
    const timer = { at: this.#now + ms, work };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  get waiting(): number {
    return this.#timers.length;
  }

  /** Moves on, timer by timer, and lets what each of them starts come to rest. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settled();
      const next = this.#timers.filter(({ at }) => at <= end).sort((left, right) => left.at - right.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = next.at;
      next.work();
    }
    this.#now = end;
    await settled();
  }

  /** Moves on, at most `limitMs`, until `promise` has settled. */
  async until<T>(promise: Promise<T>, limitMs: number): Promise<T> {
    let over = false;
    const watched = promise.finally(() => (over = true));
    watched.catch(() => undefined);
    const end = this.#now + limitMs;
    await settled();
    while (!over && this.#timers.length > 0 && this.#now < end)
      await this.advance(Math.max(0, Math.min(...this.#timers.map(({ at }) => at)) - this.#now));
    if (!over) throw new Error(`nothing came of it within ${limitMs} ms`);
    return watched;
  }
}

/** All that is to be done at once is done. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
