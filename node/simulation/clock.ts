import type { Clock } from "../daemon/time/clock.ts";
import { DueQueue, type Due } from "./queue.ts";

interface Event extends Due {
  /** Undefined once it was forgotten. */
  work: (() => unknown) | undefined;
  readonly isQuiet: boolean;
}

/** Things of one kind that happen one after another: only the next one is in the queue. */
interface Series {
  readonly times: Float64Array;
  readonly work: (index: number) => void;
  next: number;
}

/** Forgotten events that do not matter. */
const FEW = 1024;

/**
 * Time that passes from one event to the next, as fast as the machine can work them off. Whatever an event sets off without waiting
 * (promises that are ready) comes to its end before the next event, so the order of everything follows from the events' times alone.
 */
export class VirtualClock implements Clock {
  readonly #queue = new DueQueue<Event>();
  #now: number;
  #added = 0;
  #done = 0;
  #isStirred = false;
  /** In the queue, as far as is known. */
  #forgotten = 0;

  /** @param start seconds since the epoch */
  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  /** Events that have happened. */
  get events(): number {
    return this.#done;
  }

  /** Runs `work` once `seconds` have passed, and waits for it where it answers with a promise. */
  after(seconds: number, work: () => unknown): () => void {
    return this.#add(seconds, work, false);
  }

  /** The same for work that as a rule sets off nothing that waits; where it does, it says so by `stir`. That is much faster. */
  quietly(seconds: number, work: () => void): () => void {
    return this.#add(seconds, work, true);
  }

  /**
   * Quiet work at many times.
   * @param seconds from now, ascending
   */
  series(seconds: Float64Array, work: (index: number) => void): void {
    this.#goOn({ times: seconds.map((each) => this.#now + each), work, next: 0 });
  }

  /** Something was set off: time stands still until it has come to its end, or waits for time to pass. */
  stir(): void {
    this.#isStirred = true;
  }

  /** Resolves when `seconds` have passed. */
  pause(seconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(seconds, resolve);
    });
  }

  /** Lets time pass until `isOver`. @returns false where nothing is left to happen */
  async run(isOver: () => boolean): Promise<boolean> {
    while (!isOver()) {
      const next = this.#queue.pop();
      if (next === undefined) return false;
      const { work } = next;
      if (work === undefined) {
        this.#forgotten = Math.max(0, this.#forgotten - 1);
        continue;
      }
      next.work = undefined;
      this.#now = next.at;
      this.#done++;
      const result = work();
      if (result instanceof Promise) await result;
      if (next.isQuiet && !this.#isStirred) continue;
      this.#isStirred = false;
      await settled();
    }
    return true;
  }

  #goOn(series: Series): void {
    const at = series.times[series.next];
    if (at === undefined) return;
    const work = (): void => {
      const index = series.next++;
      this.#goOn(series);
      series.work(index);
    };
    this.#queue.push({ at, order: this.#added++, work, isQuiet: true });
  }

  #add(seconds: number, work: () => unknown, isQuiet: boolean): () => void {
    const event: Event = { at: this.#now + Math.max(0, seconds), order: this.#added++, work, isQuiet };
    this.#queue.push(event);
    return () => this.#forget(event);
  }

  #forget(event: Event): void {
    if (event.work === undefined) return;
    event.work = undefined;
    // Wake-up calls are moved all the time: what was forgotten must not pile up before its time comes.
    if (++this.#forgotten < FEW || 2 * this.#forgotten < this.#queue.size) return;
    this.#queue.keep(({ work }) => work !== undefined);
    this.#forgotten = 0;
  }
}

/** Resolves when every promise that is ready has been gone on from. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
