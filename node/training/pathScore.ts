import { PacelineError } from "../core/errors.ts";
import { type QuantisedUpdate, addScaled, meanFactors, meanUpdate, shifted } from "./weightedUpdates.ts";

/**
 * Contributions by the Aumann–Shapley value along the aggregate's path (Aumann and Shapley, "Values of Non-Atomic Games", 1974).
 *
 * Going from the global params w to w + A in a straight line, the loss falls by −∫⟨∇L, A⟩; A is the sum of p_k·d_k, so the
 * integral splits into one part a member. The integral is taken by the midpoint rule on m points.
 */

export interface PathRound {
  /** The gradient of the validation loss at the given params; called `points` times. */
  readonly lossGradient: (params: Float32Array) => Promise<Float32Array>;
  /** The global params w that the updates are relative to; not changed. */
  readonly params: Float32Array;
  readonly updates: readonly QuantisedUpdate[];
  /** Their weighted mean A, where the caller has it already; computed otherwise. */
  readonly mean?: Float64Array;
  /** Points on the path, 1 … 64; 8 by default. */
  readonly points?: number;
}

/**
 * @returns one part an update, in nats of validation loss; positive where the update lowered it. They sum to L(w) − L(w + A) but for
 *   the midpoint rule's error. Equal updates of equal weight get equal parts, an all-zero update exactly 0.
 * @throws PacelineError `bad-argument` where lengths, weights or the number of points are out of range
 */
export async function pathContributions({
  lossGradient,
  params,
  updates,
  mean,
  points = 8,
}: PathRound): Promise<Float64Array> {
  if (!Number.isInteger(points) || points < 1 || points > 64)
    throw new PacelineError("bad-argument", `a path has 1 to 64 points, got ${points}`);
  const factors = meanFactors(updates, params.length);
  const aggregate = mean ?? meanUpdate(updates, params.length);
  if (aggregate.length !== params.length) {
    throw new PacelineError("bad-argument", `the mean has ${aggregate.length} values, the model ${params.length}`);
  }
  const gradientSum = new Float64Array(params.length);
  for (let q = 0; q < points; q++) {
    const gradient = await lossGradient(shifted(params, aggregate, (q + 0.5) / points));
    if (gradient.length !== params.length)
      throw new PacelineError("bad-argument", `the gradient has ${gradient.length} values, the model ${params.length}`);
    addScaled(gradientSum, gradient, 1);
  }
  // 0 − x, not −x: an idle member's part is 0 and not −0
  return Float64Array.from(
    updates,
    ({ values }, k) => 0 - ((factors[k] as number) / points) * dot(gradientSum, values),
  );
}

/** Four partial sums, so that an addition need not wait for the one before it. */
function dot(gradient: Float64Array, values: Int16Array): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const even = gradient.length & ~3;
  for (let i = 0; i < even; i += 4) {
    a += (gradient[i] as number) * (values[i] as number);
    b += (gradient[i + 1] as number) * (values[i + 1] as number);
    c += (gradient[i + 2] as number) * (values[i + 2] as number);
    d += (gradient[i + 3] as number) * (values[i + 3] as number);
  }
  for (let i = even; i < gradient.length; i++) a += (gradient[i] as number) * (values[i] as number);
  return a + b + c + d;
}
