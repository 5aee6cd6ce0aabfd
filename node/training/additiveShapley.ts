import { PacelineError } from "../core/errors.ts";
import { type QuantisedUpdate, addScaled, meanFactors, shifted } from "./weightedUpdates.ts";

/**
 * The exact Shapley value (Shapley, "A value for n-person games", 1953) of the additive game
 * v(S) = L(w) − L(w + Σ_{k∈S} p_k·d_k), where a coalition's model is the global one plus its members' share of the aggregate.
 * Not the re-normalised mean of the coalition: that one pays idle members for diluting harm.
 */

export const MAX_MEMBERS = 12;

export interface AdditiveGame {
  /** The validation loss at the given params; called 2^n times. */
  readonly loss: (params: Float32Array) => Promise<number>;
  /** The global params w that the updates are relative to; not changed. */
  readonly params: Float32Array;
  readonly updates: readonly QuantisedUpdate[];
}

/**
 * @returns one value an update, in nats of validation loss; they sum to L(w) − L(w + A)
 * @throws PacelineError `unsupported` above 12 members
 */
export async function additiveShapley(game: AdditiveGame): Promise<Float64Array> {
  const members = game.updates.length;
  if (members > MAX_MEMBERS)
    throw new PacelineError("unsupported", `the exact value takes at most ${MAX_MEMBERS} members, got ${members}`);
  const losses = await coalitionLosses(game);
  const weights = coalitionWeights(members);
  return Float64Array.from({ length: members }, (_, k) => {
    let value = 0;
    for (let coalition = 0; coalition < losses.length; coalition++) {
      if (coalition & (1 << k)) continue;
      const gain = (losses[coalition] as number) - (losses[coalition | (1 << k)] as number);
      value += (weights[bitCount(coalition)] as number) * gain;
    }
    return value;
  });
}

/** The loss of every coalition, by its bit mask. */
async function coalitionLosses({ loss, params, updates }: AdditiveGame): Promise<Float64Array> {
  const factors = meanFactors(updates, params.length);
  const losses = new Float64Array(2 ** updates.length);
  const sum = new Float64Array(params.length);
  losses[0] = await loss(params);
  // Gray's order: from one coalition to the next a single member comes or goes
  for (let i = 1, before = 0; i < losses.length; i++) {
    const coalition = i ^ (i >> 1);
    const member = 31 - Math.clz32(coalition ^ before);
    const sign = coalition & (1 << member) ? 1 : -1;
    addScaled(sum, (updates[member] as QuantisedUpdate).values, sign * (factors[member] as number));
    losses[coalition] = await loss(shifted(params, sum, 1));
    before = coalition;
  }
  return losses;
}

/** |S|! (n − |S| − 1)! / n! by |S|. */
function coalitionWeights(members: number): readonly number[] {
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  return Array.from(
    { length: members },
    (_, size) => (factorial(size) * factorial(members - size - 1)) / factorial(members),
  );
}

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}
