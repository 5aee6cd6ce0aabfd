import type { Head } from "./head.ts";
import type { EndpointPool } from "./pool.ts";

/** Follows the newest block of a pool: pushed by the endpoint that is read from, or asked of it. */

/** How often an endpoint without subscriptions is asked for its newest block, in milliseconds. */
const POLLING_MS = 500;
/** How often all endpoints are looked at, where there are several. */
const PROBE_MS = 5_000;

interface Listener {
  readonly onBlock: (head: Head) => void;
  readonly onError: (error: Error) => void;
}

export interface Following {
  /** Calls back with each newest block, and errors where no endpoint gives one. @returns stops */
  onBlock(onBlock: (head: Head) => void, onError: (error: Error) => void): () => void;
  close(): void;
}

export function followHeads(pool: EndpointPool): Following {
  const listeners = new Set<Listener>();
  let told: string | undefined;
  let looking = false;
  let stale = false;
  let stopWatching: (() => void) | undefined;
  let watched: unknown;
  let probing: NodeJS.Timeout | undefined;

  const tellError = (error: Error): void => {
    for (const { onError } of [...listeners]) onError(error);
  };

  /** One request at a time; blocks that come meanwhile are answered by one more. */
  const look = async (): Promise<void> => {
    stale = true;
    if (looking) return;
    looking = true;
    while (stale && listeners.size > 0) {
      stale = false;
      try {
        const head = await pool.head();
        if (head.hash === told) continue;
        told = head.hash;
        for (const { onBlock } of [...listeners]) onBlock(head);
      } catch (error) {
        tellError(error as Error);
      }
    }
    looking = false;
    watchUsed();
  };

  /** Moves to the endpoint that is read from now. */
  const watchUsed = (): void => {
    if (listeners.size === 0) return stop();
    const node = pool.used;
    if (node === watched) return;
    stopWatching?.();
    watched = node;
    if (node.onBlock === undefined) {
      const timer = setInterval(() => void look(), POLLING_MS);
      stopWatching = () => clearInterval(timer);
    } else {
      // Where there is another endpoint, a broken one's complaint is for the pool, which hears it when it asks.
      stopWatching = node.onBlock(
        () => void look(),
        (error) => (pool.size > 1 ? void look() : tellError(error)),
      );
    }
    if (pool.size > 1) probing ??= setInterval(() => void pool.probe().then(watchUsed), PROBE_MS);
  };

  const stop = (): void => {
    stopWatching?.();
    stopWatching = undefined;
    watched = undefined;
    told = undefined;
    clearInterval(probing);
    probing = undefined;
  };

  return {
    onBlock(onBlock, onError) {
      const listener = { onBlock, onError };
      listeners.add(listener);
      watchUsed();
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) stop();
      };
    },
    close() {
      listeners.clear();
      stop();
    },
  };
}
