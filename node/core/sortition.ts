import { keccak256, keccakWords, toHex, type Address, type Hex } from "./bytes.ts";
import { PacelineError } from "./errors.ts";

/** Draws without replacement from a seed. Bit for bit `contracts/libraries/Sortition.sol`. */

export const COHORT_TAG: Hex = toHex(keccak256(new TextEncoder().encode("cohort")));
export const COMMITTEE_TAG: Hex = toHex(keccak256(new TextEncoder().encode("committee")));

/**
 * The first `count` places of a Fisher-Yates shuffle of 0 … size−1, kept sparse, so that the cost depends on `count` only:
 * place i swaps with i + keccak256(seed, tag, i) mod (size − i). The modulo's bias is below 2^−240.
 */
export function draw(seed: Hex, tag: Hex, size: number, count: number): number[] {
  if (!Number.isInteger(size) || !Number.isInteger(count) || count > size || count < 0 || size > 65_535) {
    throw new PacelineError("bad-argument", `cannot draw ${count} of ${size}`);
  }
  const moved = new Map<number, number>();
  const drawn: number[] = [];
  for (let i = 0; i < count; i++) {
    const at = i + Number(BigInt(keccakWords(seed, tag, i)) % BigInt(size - i));
    drawn.push(moved.get(at) ?? at);
    moved.set(at, moved.get(i) ?? i);
  }
  return drawn;
}

/** The seed before the first draw. */
export function firstSeed(chainId: number, job: Address, genesisHash: Hex): Hex {
  return keccakWords(chainId, job, genesisHash);
}

/** What one opening's salt adds to the round's salt sum (modulo 2^256, so that the order of posting does not matter). */
export function saltShare(memberId: number, salt: Hex): bigint {
  return BigInt(keccakWords(memberId, salt));
}

/**
 * The seed of a round's draw.
 * @param saltSum Σ `saltShare` over the openings of the last round, modulo 2^256; 0 in the first
 * @param entropy hash of the block in which the last round's commits closed; zero where nobody recorded it in time
 */
export function nextSeed(seed: Hex, saltSum: bigint, entropy: Hex): Hex {
  return keccakWords(seed, saltSum, entropy);
}
