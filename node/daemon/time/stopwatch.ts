/** Where a participant's time goes. */
export const ACTIVITIES = ["training", "network", "chain", "verification"] as const;
export type Activity = (typeof ACTIVITIES)[number];
export type ActivitySeconds = Readonly<Record<Activity, number>>;

/** Seconds during which at least one piece of work of a kind was under way; kinds may overlap. */
export class Stopwatch {
  readonly #now: () => number;
  readonly #running = new Map<Activity, number>();
  readonly #since = new Map<Activity, number>();
  readonly #seconds = new Map<Activity, number>();

  /** @param now seconds, on any clock that does not go back */
  constructor(now: () => number) {
    this.#now = now;
  }

  async measure<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(activity) ?? 0;
    if (running === 0) this.#since.set(activity, this.#now());
    this.#running.set(activity, running + 1);
    try {
      return await work();
    } finally {
      const left = (this.#running.get(activity) ?? 1) - 1;
      this.#running.set(activity, left);
      if (left === 0) this.#add(activity);
    }
  }

  #add(activity: Activity): void {
    const since = this.#since.get(activity) ?? this.#now();
    this.#seconds.set(activity, (this.#seconds.get(activity) ?? 0) + this.#now() - since);
  }

  /** Seconds since the last call. */
  take(): ActivitySeconds {
    const of = (activity: Activity): number => this.#seconds.get(activity) ?? 0;
    const taken = {
      training: of("training"),
      network: of("network"),
      chain: of("chain"),
      verification: of("verification"),
    };
    this.#seconds.clear();
    return taken;
  }
}
