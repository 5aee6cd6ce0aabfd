import { keccakWords, type Hex } from "./bytes.ts";
import { PacelineError } from "./errors.ts";

/** Largest weight, and one less than the number of ids, that the chain's tree holds. */
export const MAX_DRAW_WEIGHT = 65_535;

/**
 * `count` ids drawn by weight without replacement. Draw i takes, of the ids that are left in ascending order, the one at which
 * the running sum of weights first exceeds keccak256(seed, tag, i) mod their total. With equal weights every order is equally
 * likely; the modulo's bias is below 2^-220. Bit for bit `contracts/libraries/SumTree.sol`.
 * @param weights by id, integers from 0 (never drawn) to 65,535, at most 65,536 of them
 * @param count at most as many as have a weight
 * @returns ids in the order in which they were drawn
 */
export function drawWeighted(seed: Hex, tag: Hex, weights: readonly number[], count: number): number[] {
  requireDrawable(weights, count);
  const left = [...weights];
  return Array.from({ length: count }, (_, i) => {
    const total = left.reduce((sum, weight) => sum + weight, 0);
    const at = Number(BigInt(keccakWords(seed, tag, i)) % BigInt(total));
    let sum = 0;
    const id = left.findIndex((weight) => (sum += weight) > at);
    left[id] = 0;
    return id;
  });
}

function requireDrawable(weights: readonly number[], count: number): void {
  if (weights.length > MAX_DRAW_WEIGHT + 1)
    throw new PacelineError("bad-argument", `${weights.length} ids are too many`);
  const wrong = weights.find((weight) => !Number.isInteger(weight) || weight < 0 || weight > MAX_DRAW_WEIGHT);
  if (wrong !== undefined) throw new PacelineError("bad-argument", `weight ${wrong} is not from 0 to 65535`);
  const drawable = weights.filter((weight) => weight > 0).length;
  if (!Number.isInteger(count) || count < 0 || count > drawable) {
    throw new PacelineError("bad-argument", `cannot draw ${count} of ${drawable}`);
  }
}
