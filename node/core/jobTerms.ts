import type { Address, Hex } from "./bytes.ts";

/** What a job promises on the chain; the fields of `JobTerms` in contracts/interfaces/IJob.sol, in its order. Amounts in wei. */
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
  readonly rule: number;
  readonly minExponent: number;
  readonly maxExponent: number;
  readonly initialExponent: number;
  readonly joinSeconds: number;
  readonly commitSeconds: number;
  readonly shareSeconds: number;
  readonly slotSeconds: number;
  readonly attestSeconds: number;
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

/** The only aggregation rule so far. */
export const WEIGHTED_MEAN_RULE = 0;
