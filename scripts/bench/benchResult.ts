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
