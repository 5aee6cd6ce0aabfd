import type { Phase } from "../core/roundView.ts";
import type { PeerState } from "../protocol/state.ts";
import type { Log } from "./log.ts";

/** Tells when a job is over and this peer has its last model. */
export class JobEnd {
  #onEnd: (phase: Phase) => void = () => undefined;
  readonly #ended = new Promise<Phase>((resolve) => (this.#onEnd = resolve));

  look({ view, modelId }: PeerState): void {
    if ((view?.phase === "finished" || view?.phase === "failed") && view.modelId === modelId) this.#onEnd(view.phase);
  }

  /**
   * Resolves some time after the end, in which others are served.
   * @returns whether `signal` came before the job's end
   */
  async reached(signal: AbortSignal, lingerSeconds: number, log: Log): Promise<boolean> {
    const phase = await Promise.race([this.#ended, aborted(signal)]);
    if (phase === undefined) {
      log.event("stopping", {}, "stopping");
      return true;
    }
    log.event("ended", { phase, lingerSeconds }, `the job is ${phase}; serving others for ${lingerSeconds} s more`);
    await pause(lingerSeconds, signal);
    return false;
  }
}

/** Resolves after `seconds`, or as soon as `signal` comes. */
export async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, seconds * 1000)));
  const stop = new AbortController();
  await Promise.race([over, aborted(signal, stop.signal)]);
  stop.abort();
  clearTimeout(timer);
}

/** @param until from then on nobody waits any more, and nothing is kept of it */
function aborted(signal: AbortSignal, until?: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(undefined);
    const options = { once: true, ...(until === undefined ? {} : { signal: until }) };
    signal.addEventListener("abort", () => resolve(undefined), options);
  });
}
