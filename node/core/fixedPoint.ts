import { PacelineError } from "./errors.ts";
import { LEAF_VALUES, leafCountOf } from "./merkle.ts";

/**
 * Updates as integers: q = clamp(round(delta · 2^exponent), ±32767), ties away from zero. One exponent a round makes every
 * update of the round comparable, and the aggregate exact.
 */

/** Largest magnitude of an update's value. −32768 is never produced and is refused. */
export const MAX_UPDATE_VALUE = 32767;
/** Bytes of an update's leaf: 128 int16. */
export const UPDATE_LEAF_BYTES = LEAF_VALUES * 2;
/** Bytes of the aggregate's leaf: 128 int32. */
export const AGGREGATE_LEAF_BYTES = LEAF_VALUES * 4;
/** The aggregate counts in 1/256 of an update's step. */
export const AGGREGATE_FRACTION_BITS = 8;

/** 2^exponent, exactly. `−1022 ≤ exponent ≤ 1023`. */
export function powerOfTwo(exponent: number): number {
  if (!Number.isInteger(exponent) || exponent < -1022 || exponent > 1023) {
    throw new PacelineError("bad-argument", `exponent ${exponent} is not an integer from -1022 to 1023`);
  }
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, (exponent + 1023) << 20);
  return view.getFloat64(0);
}

/**
 * @param delta real-valued update, any length; NaN and infinities are refused
 * @returns int16 values in −32767 … 32767
 */
export function quantise(delta: Float32Array, exponent: number): Int16Array {
  const scale = powerOfTwo(exponent);
  const values = new Int16Array(delta.length);
  for (let i = 0; i < delta.length; i++) {
    const value = delta[i] as number;
    if (!Number.isFinite(value))
      throw new PacelineError("bad-argument", `the update has no finite number at index ${i}`);
    const scaled = value * scale;
    if (scaled >= MAX_UPDATE_VALUE) values[i] = MAX_UPDATE_VALUE;
    else if (scaled <= -MAX_UPDATE_VALUE) values[i] = -MAX_UPDATE_VALUE;
    else values[i] = scaled < 0 ? -Math.floor(0.5 - scaled) : Math.floor(scaled + 0.5);
  }
  return values;
}

/** The real values that `values` stand for: q · 2^−exponent. */
export function dequantise(values: Int16Array | Int32Array, exponent: number): Float32Array {
  const step = powerOfTwo(-exponent);
  const delta = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) delta[i] = (values[i] as number) * step;
  return delta;
}

/**
 * Σ q², exact: below 2^53 for vectors of up to 8 million values. Four partial sums, so that an addition need not wait for the one before
 * it: integers give the same sum in any order.
 */
export function squaredNorm(values: Int16Array): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const even = values.length & ~3;
  for (let i = 0; i < even; i += 4) {
    a += (values[i] as number) ** 2;
    b += (values[i + 1] as number) ** 2;
    c += (values[i + 2] as number) ** 2;
    d += (values[i + 3] as number) ** 2;
  }
  for (let i = even; i < values.length; i++) a += (values[i] as number) ** 2;
  return a + b + c + d;
}

/**
 * Scales `delta` down so that its Euclidean norm is at most `clipNorm`, a positive number. Rounding to integers may carry it
 * over again: `quantiseWithinNorm` is what an update goes through.
 */
export function clipToNorm(delta: Float32Array, clipNorm: number): Float32Array {
  if (!(clipNorm > 0)) throw new PacelineError("bad-argument", `a clip norm is positive, got ${clipNorm}`);
  let sum = 0;
  for (let i = 0; i < delta.length; i++) sum += (delta[i] as number) ** 2;
  const norm = Math.sqrt(sum);
  // A hair below the bound, which absorbs the rounding of the sum, the root and the scaled binary32 values.
  const limit = clipNorm * (1 - 2 ** -20);
  return norm > limit ? delta.map((value) => value * (limit / norm)) : delta;
}

/** The largest Σ q² that an update of norm `clipNorm` may have in steps of 2^−exponent. */
export function squaredNormBound(clipNorm: number, exponent: number): number {
  return Math.floor((clipNorm * powerOfTwo(exponent)) ** 2);
}

/** Big-endian int16 leaves, zero-padded to a whole number of leaves: the bytes of an update's blob. */
export function encodeUpdate(values: Int16Array): Uint8Array {
  const bytes = Buffer.alloc(leafCountOf(values.length) * UPDATE_LEAF_BYTES);
  new Int16Array(bytes.buffer, bytes.byteOffset, values.length).set(values);
  return bytes.swap16();
}

/**
 * The inverse of `encodeUpdate`. Throws `bad-blob` for a wrong length, non-zero padding or a value outside ±32767.
 * @param length values in the vector
 */
export function decodeUpdate(bytes: Uint8Array, length: number): Int16Array {
  requireSize(bytes, length, UPDATE_LEAF_BYTES);
  const copy = new Uint8Array(bytes).buffer;
  Buffer.from(copy).swap16();
  const all = new Int16Array(copy);
  requireZeroPadding(all, length);
  const values = all.subarray(0, length);
  const bad = values.indexOf(-32768);
  if (bad >= 0) throw new PacelineError("bad-blob", `the update's value ${bad} is -32768, out of range`);
  return values;
}

/** Big-endian int32 leaves, zero-padded: the bytes of the aggregate's blob. */
export function encodeAggregate(values: Int32Array): Uint8Array {
  const bytes = Buffer.alloc(leafCountOf(values.length) * AGGREGATE_LEAF_BYTES);
  new Int32Array(bytes.buffer, bytes.byteOffset, values.length).set(values);
  return bytes.swap32();
}

/** The inverse of `encodeAggregate`. Throws `bad-blob` for a wrong length or non-zero padding. */
export function decodeAggregate(bytes: Uint8Array, length: number): Int32Array {
  requireSize(bytes, length, AGGREGATE_LEAF_BYTES);
  const copy = new Uint8Array(bytes).buffer;
  Buffer.from(copy).swap32();
  const all = new Int32Array(copy);
  requireZeroPadding(all, length);
  return all.subarray(0, length);
}

function requireSize(bytes: Uint8Array, length: number, leafBytes: number): void {
  const expected = leafCountOf(length) * leafBytes;
  if (bytes.length !== expected) {
    throw new PacelineError("bad-blob", `a vector of ${length} values takes ${expected} bytes, got ${bytes.length}`);
  }
}

function requireZeroPadding(all: Int16Array | Int32Array, length: number): void {
  for (let i = length; i < all.length; i++) {
    if (all[i] !== 0) throw new PacelineError("bad-blob", `padding value ${i} is not zero`);
  }
}

/**
 * The exponent of the next round: one more while 99.9 % of the aggregate's values use at most an eighth of the range (single
 * updates are larger than their mean), one less when they need more than half of it. An integer rule on a quantile, so that everybody agrees and no
 * single value decides.
 * @param aggregate values in 1/256 steps of `exponent`
 */
export function nextExponent(exponent: number, aggregate: Int32Array, bounds: { min: number; max: number }): number {
  const limit = MAX_UPDATE_VALUE << AGGREGATE_FRACTION_BITS;
  let aboveEighth = 0;
  let aboveHalf = 0;
  for (let i = 0; i < aggregate.length; i++) {
    const magnitude = Math.abs(aggregate[i] as number);
    if (magnitude > limit >> 3) aboveEighth++;
    if (magnitude > limit >> 1) aboveHalf++;
  }
  const allowed = Math.floor(aggregate.length / 1000);
  const step = aboveHalf > allowed ? -1 : aboveEighth <= allowed ? 1 : 0;
  return Math.min(bounds.max, Math.max(bounds.min, exponent + step));
}

/**
 * params ← params + aggregate · 2^−(exponent + 8): computed in binary64 in index order and rounded once to binary32, so
 * that every peer gets the same bits.
 */
export function applyAggregate(params: Float32Array, aggregate: Int32Array, exponent: number): Float32Array {
  if (params.length !== aggregate.length) {
    throw new PacelineError(
      "bad-argument",
      `${params.length} params, but the aggregate has ${aggregate.length} values`,
    );
  }
  const step = powerOfTwo(-(exponent + AGGREGATE_FRACTION_BITS));
  const next = new Float32Array(params.length);
  for (let i = 0; i < params.length; i++) {
    // Adding zero turns −0 into 0.
    next[i] = Math.fround((params[i] as number) + (aggregate[i] as number) * step) + 0;
  }
  return next;
}
