import { keccak256, keccakWords, toHex, type Address, type Hex } from "./bytes.ts";

/** The seeds that `weightedDraw.ts` draws from. Bit for bit `contracts/libraries/Sortition.sol`. */

export const COHORT_TAG: Hex = toHex(keccak256(new TextEncoder().encode("cohort")));
export const COMMITTEE_TAG: Hex = toHex(keccak256(new TextEncoder().encode("committee")));

/** The seed before the first draw. */
export function firstSeed(chainId: number, job: Address, genesisHash: Hex): Hex {
  return keccakWords(chainId, job, genesisHash);
}

/** What one opening's salt adds to the job's salt sum (modulo 2^256, so that the order of posting does not matter). */
export function saltShare(memberId: number, salt: Hex): bigint {
  return BigInt(keccakWords(memberId, salt));
}

/** What the hash of a recorded entropy block adds to it. */
export function entropyShare(blockHash: Hex): bigint {
  return BigInt(keccakWords(blockHash));
}

/**
 * The seed of a round's draw.
 * @param saltSum Σ `saltShare` over all openings of the job so far, and `entropyShare` of the blocks in which commits closed, as
 * far as somebody recorded them in time; modulo 2^256
 */
export function nextSeed(seed: Hex, saltSum: bigint): Hex {
  return keccakWords(seed, saltSum);
}
