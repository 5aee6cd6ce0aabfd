/** What was asked for on the command line. */
export interface BenchOptions {
  /** Parts of the benchmark to run, for those that have parts; all by default. */
  readonly only?: readonly string[];
}

/** What a benchmark measured; names carry their unit where they have one (`meanMs`). */
export interface BenchResult {
  readonly figures: Readonly<Record<string, number>>;
  /** The least that each figure could be, where that can be added up. */
  readonly floors?: Readonly<Record<string, number>>;
  /** Why a figure is above its floor. */
  readonly why?: Readonly<Record<string, string>>;
  /** The same task done by other systems, in the same run, where there are any. */
  readonly peers: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Versions of what was measured. */
  readonly versions: Readonly<Record<string, string>>;
}
