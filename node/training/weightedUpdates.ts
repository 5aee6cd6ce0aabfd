import { PacelineError } from "../core/errors.ts";

/** An update as it was published: `values · 2^−exponent` is the change of the params. */
export interface QuantisedUpdate {
  readonly values: Int16Array;
  readonly exponent: number;
  /** Importance in the mean, an integer ≥ 0; only the ratios matter. */
  readonly weight: number;
}

/**
 * Each update's factor p_k · 2^−exponent, where p_k is its share of the weight: factor · values is what the update adds to
 * the mean. Powers of two are exact.
 */
export function meanFactors(updates: readonly QuantisedUpdate[], length: number): readonly number[] {
  const totalWeight = updates.reduce((sum, update) => sum + update.weight, 0);
  if (!(totalWeight > 0)) throw new PacelineError("bad-argument", "the updates' weights must sum to more than 0");
  return updates.map(({ values, exponent, weight }, k) => {
    if (values.length !== length)
      throw new PacelineError("bad-argument", `update ${k} has ${values.length} values, the model ${length}`);
    if (!Number.isInteger(exponent) || Math.abs(exponent) > 60)
      throw new PacelineError("bad-argument", `exponent ${exponent} is outside −60 … 60`);
    if (!(weight >= 0)) throw new PacelineError("bad-argument", `update ${k} has weight ${weight}`);
    return (weight / totalWeight) * 2 ** -exponent;
  });
}

/** sum[i] += factor · values[i] */
export function addScaled(sum: Float64Array, values: Int16Array | Float32Array, factor: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + factor * (values[i] as number);
}

/** The weighted mean of the updates before the rounding to 1/256 steps: A of the protocol's §6. */
export function meanUpdate(updates: readonly QuantisedUpdate[], length: number): Float64Array {
  const mean = new Float64Array(length);
  meanFactors(updates, length).forEach((factor, k) => addScaled(mean, (updates[k] as QuantisedUpdate).values, factor));
  return mean;
}

/** params + factor · update, rounded once. */
export function shifted(params: Float32Array, update: Float64Array, factor: number): Float32Array {
  const result = new Float32Array(params.length);
  for (let i = 0; i < result.length; i++) result[i] = (params[i] as number) + factor * (update[i] as number);
  return result;
}
