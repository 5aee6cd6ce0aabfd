/** Time for transfers, in milliseconds from any moment on. */
export interface Clock {
  now(): number;
  /** Calls `work` once, after `ms`; the returned function forgets it. Does not keep the process alive. */
  after(ms: number, work: () => void): () => void;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
