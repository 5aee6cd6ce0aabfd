/** How much one may do: so many at once, and so many a second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * Token buckets that make nobody wait, one a key, all alike. Of more than `maxKeys` keys, those are forgotten that were asked about
 * longest ago.
 */
export class Allowances<Key> {
  readonly #rate: Rate;
  readonly #maxKeys: number;
  readonly #buckets = new Map<Key, { readonly tokens: number; readonly at: number }>();

  constructor(rate: Rate, maxKeys: number) {
    this.#rate = rate;
    this.#maxKeys = maxKeys;
  }

  /**
   * @param now seconds
   * @returns false where the key has used up what it may
   */
  take(key: Key, now: number): boolean {
    const { burst, perSecond } = this.#rate;
    const known = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, known.tokens + Math.max(0, now - known.at) * perSecond);
    const mayGo = tokens >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: mayGo ? tokens - 1 : tokens, at: now });
    if (this.#buckets.size > this.#maxKeys) this.#buckets.delete(this.#buckets.keys().next().value as Key);
    return mayGo;
  }
}
