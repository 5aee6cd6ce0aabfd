import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** By then a daemon has read its data and its chain, and waits. */
const AFTER_MS = 10_000;

/**
 * Gives back what the start has left behind. V8 collects when memory is asked for, and a daemon that waits asks for none. Once it has
 * collected in a round, it goes on until the heap is small by itself.
 */
export function collectAfterStart(): void {
  setTimeout(() => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as (options: {
      readonly type: "major";
      readonly flavor: "last-resort";
    }) => void;
    collect({ type: "major", flavor: "last-resort" });
  }, AFTER_MS).unref();
}
