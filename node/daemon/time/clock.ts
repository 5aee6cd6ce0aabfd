/** What a participant knows of time: the machine's, or that of a simulation. */
export interface Clock {
  /** Seconds since the epoch. */
  now(): number;
  /** Runs `work` once `seconds` have passed. @returns forgets it */
  after(seconds: number, work: () => void): () => void;
}

export const machineClock: Clock = {
  now: () => Date.now() / 1000,
  after(seconds, work) {
    const timer = setTimeout(work, Math.ceil(seconds * 1000));
    return () => clearTimeout(timer);
  },
};

/**
 * One wake-up call that is moved often: it never rings late, and may ring early, for whoever is woken looks again. So only an
 * earlier time needs a new timer.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #at = Infinity;
  #forget = (): void => undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** @param seconds from now; infinite where there is nothing to wake for */
  set(seconds: number): void {
    const at = this.#clock.now() + seconds;
    if (at >= this.#at) return;
    this.#forget();
    this.#at = at;
    this.#forget = this.#clock.after(seconds, () => {
      this.#at = Infinity;
      this.#ring();
    });
  }

  stop(): void {
    this.#forget();
    this.#at = Infinity;
  }
}
