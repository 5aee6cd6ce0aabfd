import { PacelineError } from "../../core/errors.ts";

interface Running {
  readonly result: Promise<Uint8Array>;
  readonly stop: AbortController;
  callers: number;
}

/** Concurrent fetches of the same blob share one transfer, which ends when the last caller has aborted. */
export class SharedFetches {
  readonly #running = new Map<string, Running>();
  #stopped = false;

  /**
   * Joins the transfer under `key`, or starts one. Where the joined one fails, this caller starts its own, with its own holders.
   * The bytes are shared between the callers and must not be changed.
   */
  async fetch(
    key: string,
    start: (signal: AbortSignal) => Promise<Uint8Array>,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const running = this.#running.get(key);
    if (running === undefined) return this.#wait(this.#start(key, start), signal);
    try {
      return await this.#wait(running, signal);
    } catch (error) {
      if (signal.aborted || this.#stopped) throw error;
      return this.fetch(key, start, signal);
    }
  }

  /** Aborts all transfers; no more may be started. */
  stopAll(): void {
    this.#stopped = true;
    for (const { stop } of this.#running.values()) stop.abort("ended");
  }

  #start(key: string, start: (signal: AbortSignal) => Promise<Uint8Array>): Running {
    const stop = new AbortController();
    const forget = (): void => {
      if (this.#running.get(key)?.stop === stop) this.#running.delete(key);
    };
    // At once, not when the transfer has noticed: nobody may join one that is being stopped.
    stop.signal.addEventListener("abort", forget);
    const result = start(stop.signal).finally(forget);
    result.catch(() => undefined); // every caller may have left
    const running = { result, stop, callers: 0 };
    this.#running.set(key, running);
    return running;
  }

  #wait(running: Running, signal: AbortSignal): Promise<Uint8Array> {
    running.callers++;
    return new Promise((resolve, reject) => {
      let left = false;
      const leave = (): void => {
        if (left) return;
        left = true;
        signal.removeEventListener("abort", onAbort);
        if (--running.callers === 0) running.stop.abort("ended");
      };
      const onAbort = (): void => {
        leave();
        reject(new PacelineError("closed", "the fetch was aborted"));
      };
      signal.addEventListener("abort", onAbort);
      running.result.finally(leave).then(resolve, reject);
      if (signal.aborted) onAbort();
    });
  }
}
