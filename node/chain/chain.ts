import type { Address, Hex } from "../core/bytes.ts";
import type { IncludedUpdate } from "../core/encoding.ts";
import type { JobTerms } from "../core/jobTerms.ts";
import type { Member, RoundView } from "../core/roundView.ts";

/** The port of the chain, as one account sees it. Every write resolves once the transaction is in a block. */

export interface Receipt {
  readonly gasUsed: number;
  readonly blockNumber: number;
}

/** A settled or skipped round, from the chain's log. */
export interface RoundOutcome {
  readonly round: number;
  /** Undefined for a skipped round. */
  readonly settled: SettledRound | undefined;
}

export interface SettledRound {
  readonly aggregateRoot: Hex;
  readonly modelId: Hex;
  /** By cohort position. */
  readonly includedMask: bigint;
  /** By include order. */
  readonly scores: readonly number[];
  /** By include order, in wei. */
  readonly contributorsPay: readonly bigint[];
  readonly paid: bigint;
  /** Member ids by cohort position. */
  readonly cohort: readonly number[];
  /** Member id of the poster of the aggregate. */
  readonly aggregator: number;
}

/** Stake taken for a fault or for something missed. */
export interface Slash {
  readonly round: number;
  readonly memberId: number;
  /** The account that proved a fault; undefined for something missed. */
  readonly prover: Address | undefined;
  readonly taken: bigint;
}

export interface JobHistory {
  readonly rounds: readonly RoundOutcome[];
  readonly slashes: readonly Slash[];
}

export interface PostedOpening {
  readonly position: number;
  readonly updateRoot: Hex;
  readonly exampleCount: number;
  readonly salt: Hex;
}

export interface PostedBitmap {
  readonly seat: number;
  readonly bits: bigint;
  readonly signature: Hex;
}

export interface PostedAttestation {
  readonly seat: number;
  readonly signature: Hex;
}

export interface PostedScoreCommit {
  readonly seat: number;
  readonly commitment: Hex;
  readonly signature: Hex;
}

export interface PostedScores {
  readonly seat: number;
  readonly vector: Hex;
  readonly salt: Hex;
}

export interface LeafProof {
  readonly leaf: Uint8Array;
  /** From the leaf up. */
  readonly siblings: readonly Uint8Array[];
}

export interface WrongLeafProof {
  readonly coordinate: number;
  readonly updates: readonly IncludedUpdate[];
  /** In include order; empty for a coordinate beyond the vector's length. */
  readonly updateLeaves: readonly LeafProof[];
  readonly aggregateLeaf: LeafProof;
}

/** What the chain looks like at one block. */
export interface ChainSnapshot {
  readonly view: RoundView;
  readonly members: readonly Member[];
}

/** One job, seen and acted upon by one operator. Throws PacelineError `rejected` with the contract's reason in its facts. */
export interface JobChain {
  readonly chainId: number;
  readonly job: Address;
  readonly operator: Address;
  readonly terms: JobTerms;
  snapshot(): Promise<ChainSnapshot>;
  /**
   * Calls back with the newest snapshot after every block that may have changed it; snapshots may be skipped, never
   * reordered. Errors of the endpoint go to `onError`, and watching goes on.
   * @returns stops watching
   */
  watch(onSnapshot: (snapshot: ChainSnapshot) => void, onError: (error: Error) => void): () => void;
  /** Outcomes and slashes from `fromRound` on, ascending. */
  history(fromRound: number): Promise<JobHistory>;
  isOperator(account: Address): Promise<boolean>;
  /** Where operators can be dialled, by operator. */
  contacts(operators: readonly Address[]): Promise<ReadonlyMap<Address, string>>;
  setContact(contact: string): Promise<Receipt>;
  commit(position: number, commitment: Hex): Promise<Receipt>;
  share(openings: readonly PostedOpening[], bitmaps: readonly PostedBitmap[]): Promise<Receipt>;
  propose(aggregateRoot: Hex): Promise<Receipt>;
  attest(attestations: readonly PostedAttestation[], scoreCommits: readonly PostedScoreCommit[]): Promise<Receipt>;
  openScores(openings: readonly PostedScores[]): Promise<Receipt>;
  proveWrongLeaf(proof: WrongLeafProof): Promise<Receipt>;
  advance(): Promise<Receipt>;
}
