import type { Head } from "./head.ts";

/** What is known of one endpoint of several, and which of them is asked first. Times in milliseconds. */
export interface Health {
  /** In a row. */
  readonly failures: number;
  /** Before it is tried again, unless no other is left. */
  readonly retryAt: number;
  /** Of its answers, smoothed; 0 before the first. */
  readonly latency: number;
  /** That it said last. */
  readonly head: Head | undefined;
  /** Serves the chain that it should; undefined while it has not said so. */
  readonly rightChain: boolean | undefined;
  /** Says otherwise than most others. */
  readonly contradicts: boolean;
}

export const UNKNOWN: Health = {
  failures: 0,
  retryAt: 0,
  latency: 0,
  head: undefined,
  rightChain: undefined,
  contradicts: false,
};

/** Blocks behind the others that propagation alone does not explain. */
export const MAX_LAG_BLOCKS = 3;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
const SMOOTHING = 0.2;
/** How much quicker another has to be before it is preferred to the one in use. */
const QUICKER_FACTOR = 3;
const QUICKER_MS = 100;

export function succeeded(health: Health, latency: number): Health {
  const smoothed = health.latency === 0 ? latency : health.latency + SMOOTHING * (latency - health.latency);
  return { ...health, failures: 0, retryAt: 0, latency: smoothed };
}

export function failed(health: Health, now: number): Health {
  const pause = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(health.failures, 16));
  // Who comes back may be another: behind one address, or after a repair.
  return { ...health, failures: health.failures + 1, retryAt: now + pause, rightChain: undefined };
}

/** The height that counts as reached: with three or more, one liar's alone does not. */
export function reachedHeight(all: readonly Health[]): number {
  const heights = all
    .filter(({ failures, rightChain, contradicts }) => failures === 0 && rightChain === true && !contradicts)
    .flatMap(({ head }) => (head === undefined ? [] : [head.number]))
    .sort((left, right) => right - left);
  return (heights.length >= 3 ? heights[1] : heights[0]) ?? 0;
}

export function lags(health: Health, all: readonly Health[]): boolean {
  return health.head !== undefined && health.head.number < reachedHeight(all) - MAX_LAG_BLOCKS;
}

/** Serves another chain, as far as was looked lately. */
export function isWrong({ rightChain, retryAt }: Health, now: number): boolean {
  return rightChain === false && retryAt > now;
}

/** To be looked at again late: somebody has to change something first. */
export function ofWrongChain(health: Health, now: number): Health {
  return { ...health, rightChain: false, retryAt: now + MAX_RETRY_MS };
}

/** Indices of those that may be asked, best first. Those that serve another chain or contradict most are never asked. */
export function preference(all: readonly Health[], current: number, now: number): number[] {
  const usable = [...all.keys()].filter((index) => !isWrong(all[index]!, now) && !all[index]!.contradicts);
  const rank = (index: number): number => (all[index]!.retryAt > now ? 2 : lags(all[index]!, all) ? 1 : 0);
  const ordered = usable.sort((left, right) => rank(left) - rank(right) || left - right);
  const best = ordered.filter((index) => rank(index) === rank(ordered[0]!));
  const first = best.includes(current) ? quickerThan(all, current, best) : ordered[0];
  return ordered.sort((left, right) => Number(right === first) - Number(left === first));
}

/** The one in use stays in use, but for a much quicker one. */
function quickerThan(all: readonly Health[], current: number, others: readonly number[]): number {
  const { latency } = all[current]!;
  const isQuicker = (other: number): boolean => {
    const its = all[other]!.latency;
    return its > 0 && its * QUICKER_FACTOR < latency && its + QUICKER_MS < latency;
  };
  return others.find(isQuicker) ?? current;
}
