import { PacelineError } from "./errors.ts";

/** A seeded stream of random numbers: the same seed gives the same stream on every machine. Not for secrets. */
export interface Random {
  /** Uniform 32-bit unsigned integer. */
  uint32(): number;
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Uniform integer in [0, bound), unbiased. `1 <= bound <= 2^32`. */
  below(bound: number): number;
  /** Standard normal (Marsaglia's polar method, 1964). Initial params are made of these, so all machines must draw the same bits. */
  normal(): number;
  /** Gamma(shape, 1), shape > 0 (Marsaglia and Tsang, 2000). Its last digits are those of the machine's powers and logarithms. */
  gamma(shape: number): number;
  /** Fisher-Yates shuffle in place. */
  shuffle<T extends { length: number; [index: number]: number }>(values: T): T;
}

/**
 * xoshiro128** of Blackman and Vigna (2018), seeded through splitmix32. The words are mixed into 32 bits, so there are 2^32
 * streams: enough to shuffle and to simulate, not to keep anything secret.
 * @param words the seed: any number of integers, each taken modulo 2^32; all of them and their order matter
 */
export function seededRandom(...words: readonly number[]): Random {
  let mix = 0x9e3779b9 ^ words.length;
  const splitmix = (): number => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  for (const word of words) {
    mix ^= word | 0;
    mix = splitmix() | 0;
  }
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let d = splitmix() | 1; // never the all-zero state

  const uint32 = (): number => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const uniform = (): number => ((uint32() >>> 5) * 0x4000000 + (uint32() >>> 6)) / 0x20000000000000;
  const below = (bound: number): number => {
    if (!Number.isInteger(bound) || bound < 1 || bound > 0x100000000) {
      throw new PacelineError("bad-argument", `below() needs a bound from 1 to 2^32, got ${bound}`);
    }
    const limit = 0x100000000 - remainder(0x100000000, bound);
    for (;;) {
      const value = uint32();
      if (value < limit) return remainder(value, bound);
    }
  };
  let spare: number | undefined;
  const normal = (): number => {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const s = x * x + y * y;
      if (s > 0 && s < 1) {
        const factor = Math.sqrt((-2 * naturalLog(s)) / s);
        spare = y * factor;
        return x * factor;
      }
    }
  };
  const gamma = (shape: number): number => {
    if (!(shape > 0 && shape < Infinity))
      throw new PacelineError("bad-argument", `gamma() needs a positive shape, got ${shape}`);
    if (shape < 1) return gamma(shape + 1) * Math.pow(1 - uniform(), 1 / shape);
    const e = shape - 1 / 3;
    const f = 1 / Math.sqrt(9 * e);
    for (;;) {
      const x = normal();
      const v = (1 + f * x) ** 3;
      if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + e - e * v + e * Math.log(v)) return e * v;
    }
  };
  return {
    uint32,
    uniform,
    below,
    normal,
    gamma,
    shuffle(values) {
      for (let i = values.length - 1; i > 0; i--) {
        const j = below(i + 1);
        const kept = values[i] as number;
        values[i] = values[j] as number;
        values[j] = kept;
      }
      return values;
    },
  };
}

/**
 * value mod divisor for integers up to 2^32, for which `%` is several times slower. It is exact: a quotient that is no integer is at
 * least 2^-32 of itself away from the next one, and is rounded by 2^-53 of itself at most.
 */
function remainder(value: number, divisor: number): number {
  return value - Math.floor(value / divisor) * divisor;
}

/**
 * ln x for 0 < x < 1, to about a unit in the last place, by sums, products and quotients alone, which IEEE 754 fixes to the bit; the
 * language leaves the last bits of `Math.log` to each machine. With m = x · 2ʰ near 1 and z = (m − 1) / (m + 1):
 * ln x = 2 · artanh z − h · ln 2.
 */
function naturalLog(x: number): number {
  let m = x;
  let halvings = 0;
  for (; m < Math.SQRT1_2; halvings++) m *= 2;
  const z = (m - 1) / (m + 1);
  let series = 0;
  for (let k = 23; k >= 1; k -= 2) series = series * z * z + 1 / k; // |z| ≤ 0.18: what is left out is below 2⁻⁶⁰
  return 2 * z * series - halvings * Math.LN2;
}
