import type { Address, Hex } from "./bytes.ts";

/**
 * What a job promises on the chain; the fields of `JobTerms` in contracts/interfaces/JobTypes.sol, in its order. Amounts in
 * wei.
 */
export interface JobTerms {
  readonly token: Address;
  readonly stakeToken: Address;
  readonly specHash: Hex;
  readonly genesisHash: Hex;
  readonly rounds: number;
  readonly vectorLength: number;
  readonly weightCap: number;
  readonly startMembers: number;
  readonly cohortSize: number;
  readonly committeeSize: number;
  readonly minCommits: number;
  /** One of `AGGREGATION_RULES`, by index. */
  readonly rule: number;
  /** Of the trimmed mean: so many thousandths are dropped at either end. */
  readonly trimPermille: number;
  readonly minExponent: number;
  readonly maxExponent: number;
  readonly initialExponent: number;
  /** Draws by stake; otherwise everybody alike. */
  readonly stakeWeighted: boolean;
  /** Draws that a missed duty keeps a member out of. */
  readonly suspendDraws: number;
  readonly joinSeconds: number;
  readonly commitSeconds: number;
  readonly shareSeconds: number;
  readonly slotSeconds: number;
  readonly demandSeconds: number;
  readonly challengeSeconds: number;
  readonly scoreSeconds: number;
  readonly unbondSeconds: number;
  readonly phaseBlocks: number;
  readonly stake: bigint;
  readonly faultSlash: bigint;
  readonly missSlash: bigint;
  readonly proofReward: bigint;
  readonly contributorsBps: number;
  readonly aggregatorBps: number;
  readonly committeeBps: number;
  readonly keepersBps: number;
}

/** In the order of the terms' `rule`. */
export const AGGREGATION_RULES = ["weighted-mean", "trimmed-mean", "median"] as const;
export type AggregationRule = (typeof AGGREGATION_RULES)[number];
