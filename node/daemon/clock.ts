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
