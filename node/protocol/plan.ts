import type { PeerEffect } from "./events.ts";
import type { Task } from "./state.ts";

/** Something a peer wants done now or later. The same wish has the same key for as long as it stands. */
export interface Intent {
  readonly key: string;
  /** A function where it takes work: wishes are said anew at every event, and most of them wait. */
  readonly effect: PeerEffect | (() => PeerEffect);
  /** Seconds to wait from the moment the wish first stood. */
  readonly delay?: number;
  /** Not before this time. */
  readonly notBefore?: number;
  /** Seconds after which the effect starts again though the last one has ended well; for messages, without waiting for the end. */
  readonly repeat?: number;
}

export interface Plan {
  readonly tasks: ReadonlyMap<string, Task>;
  readonly effects: readonly { readonly key: string; readonly effect: PeerEffect }[];
  /** When to look again, infinite where only an event can change anything. */
  readonly wakeAt: number;
}

/**
 * Turns wishes into effects: starts those whose time has come and remembers the others. A wish that no longer stands is
 * forgotten, unless its effect still runs. The same wish twice is one.
 */
export function planEffects(intents: readonly Intent[], tasks: ReadonlyMap<string, Task>, now: number): Plan {
  const next = new Map<string, Task>();
  for (const [key, task] of tasks) if (task.nextAt === Infinity) next.set(key, task);
  const effects: { key: string; effect: PeerEffect }[] = [];
  const planned = new Set<string>();
  let wakeAt = Infinity;
  for (const { key, effect, delay = 0, notBefore = -Infinity, repeat } of intents) {
    if (planned.has(key)) continue;
    planned.add(key);
    const known = tasks.get(key)?.nextAt ?? now + delay;
    const nextAt = Math.max(known, notBefore);
    if (nextAt <= now) {
      effects.push({ key, effect: typeof effect === "function" ? effect() : effect });
      next.set(key, { nextAt: repeat === undefined ? Infinity : now + repeat });
      if (repeat !== undefined) wakeAt = Math.min(wakeAt, now + repeat);
    } else {
      // `notBefore` is said anew each time, and may come nearer: a quorum shortens a phase.
      next.set(key, { nextAt: known });
      wakeAt = Math.min(wakeAt, nextAt);
    }
  }
  return { tasks: next, effects, wakeAt };
}

/**
 * An effect has ended. Should its wish still stand, it is tried again: soon after a failure; later after a success whose
 * outcome does not show, as when a transaction was lost.
 */
export function endTask(
  tasks: ReadonlyMap<string, Task>,
  key: string,
  ok: boolean,
  now: number,
  retrySeconds: number,
): ReadonlyMap<string, Task> {
  if (tasks.get(key)?.nextAt !== Infinity) return tasks;
  return new Map(tasks).set(key, { nextAt: now + (ok ? 10 * retrySeconds : retrySeconds) });
}
