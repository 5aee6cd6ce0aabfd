import { clipToNorm, powerOfTwo, quantise, squaredNorm, squaredNormBound } from "./fixedPoint.ts";

/**
 * Clipping that holds in the integers. Rounding adds up to half a step to every coordinate, so a long update of small values
 * that was clipped as real numbers can come out several percent above the bound, and every seat would refuse it.
 */

/** Classes of coordinates by how far they were rounded; the choice within a class is by index. */
const BUCKETS = 256;

/**
 * An update as its owner commits it: clipped to `clipNorm`, quantised, and Σ q² ≤ `squaredNormBound(clipNorm, exponent)`.
 * Where rounding went over the bound, roundings away from zero are taken back, the longest first, until it holds: each
 * value stays within one step of the clipped one, and with all of them taken back no value is longer than it was.
 * @param delta real-valued update, any length; throws `bad-argument` for NaN and infinities
 * @param clipNorm positive, in the units of `delta`
 * @returns int16 values in −32767 … 32767
 */
export function quantiseWithinNorm(delta: Float32Array, exponent: number, clipNorm: number): Int16Array {
  const clipped = clipToNorm(delta, clipNorm);
  const values = quantise(clipped, exponent);
  const excess = squaredNorm(values) - squaredNormBound(clipNorm, exponent);
  if (excess > 0) takeBackRounding(values, clipped, powerOfTwo(exponent), excess);
  return values;
}

/** Moves values that were rounded away from zero one step back until Σ q² has fallen by `excess`. */
function takeBackRounding(values: Int16Array, exact: Float32Array, scale: number, excess: number): void {
  const bucketAt = (i: number): number => {
    const lengthened = Math.abs(values[i] as number) - Math.abs((exact[i] as number) * scale);
    return lengthened > 0 ? Math.min(BUCKETS - 1, Math.floor(lengthened * 2 * BUCKETS)) : -1;
  };
  const gains = new Float64Array(BUCKETS);
  for (let i = 0; i < values.length; i++) {
    const bucket = bucketAt(i);
    if (bucket >= 0) gains[bucket] = (gains[bucket] as number) + gainOf(values[i] as number);
  }
  let last = BUCKETS - 1;
  let left = excess;
  for (; last > 0 && left > (gains[last] as number); last--) left -= gains[last] as number;
  for (let i = 0; i < values.length; i++) {
    const bucket = bucketAt(i);
    if (bucket < last || (bucket === last && left <= 0)) continue;
    const value = values[i] as number;
    if (bucket === last) left -= gainOf(value);
    values[i] = value - Math.sign(value);
  }
}

/** By how much Σ q² falls when `value` moves one step toward zero: q² − (|q| − 1)². */
function gainOf(value: number): number {
  return 2 * Math.abs(value) - 1;
}
