const MAX_KEYS = 4_096;

export interface BackOffOptions {
  /** The wait after a first failure, in milliseconds; each further one doubles it. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Milliseconds. */
  readonly now: () => number;
  /** In [0, 1): waits are spread over their second half, so that peers that fail together do not come again together. */
  readonly random: () => number;
}

/** When to try each of many things again that have failed. */
export class BackOff {
  readonly #options: BackOffOptions;
  readonly #failed = new Map<string, { readonly failures: number; readonly until: number }>();

  constructor(options: BackOffOptions) {
    this.#options = options;
  }

  isDue(key: string): boolean {
    return this.#options.now() >= (this.#failed.get(key)?.until ?? -Infinity);
  }

  failures(key: string): number {
    return this.#failed.get(key)?.failures ?? 0;
  }

  fail(key: string): void {
    const { firstMs, lastMs, now, random } = this.#options;
    const failures = this.failures(key) + 1;
    const wait = Math.min(lastMs, firstMs * 2 ** (failures - 1));
    this.#failed.delete(key);
    this.#failed.set(key, { failures, until: now() + wait * (0.5 + random() / 2) });
    if (this.#failed.size > MAX_KEYS) this.#failed.delete(this.#failed.keys().next().value as string);
  }

  succeed(key: string): void {
    this.#failed.delete(key);
  }
}
