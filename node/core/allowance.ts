/** How much one may do: so many at once, and so many a second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * Token buckets that make nobody wait, one a key, all alike. Of more than `maxKeys` keys, those are forgotten that were asked about
 * longest ago, since half as many were known.
 */
export class Allowances<Key> {
  readonly #rate: Rate;
  readonly #maxKeys: number;
  readonly #buckets = new Map<Key, { tokens: number; at: number }>();

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
    const bucket = this.#bucket(key, now);
    const tokens = Math.min(burst, bucket.tokens + Math.max(0, now - bucket.at) * perSecond);
    const mayGo = tokens >= 1;
    bucket.tokens = mayGo ? tokens - 1 : tokens;
    bucket.at = now;
    return mayGo;
  }

  #bucket(key: Key, now: number): { tokens: number; at: number } {
    const known = this.#buckets.get(key);
    // Who was asked about last matters only where somebody may have to be forgotten; keeping the order costs more than all else.
    if (known !== undefined && 2 * this.#buckets.size <= this.#maxKeys) return known;
    const bucket = known ?? { tokens: this.#rate.burst, at: now };
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > this.#maxKeys) this.#buckets.delete(this.#buckets.keys().next().value as Key);
    return bucket;
  }
}
