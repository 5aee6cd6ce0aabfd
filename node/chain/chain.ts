import type { Address, Hex } from "../core/bytes.ts";
import type { IncludedUpdate, RoundRecord } from "../core/encoding.ts";
import type { JobTerms } from "../core/jobTerms.ts";
import type { Member, RoundView } from "../core/roundView.ts";

/** The port of the chain, as one account sees it. Every write resolves once the transaction is in a block. */

export interface Receipt {
  readonly gasUsed: number;
  readonly blockNumber: number;
  /** What the gas cost, in wei of the chain's coin; undefined where gas is free. */
  readonly fee?: bigint;
}

/** How long a call is wanted. */
export interface SendOptions {
  /** Aborted: nobody wants the call any more. The write throws `closed`; what is stuck is cancelled rather than paid more for. */
  readonly signal?: AbortSignal;
  /** Seconds since the epoch, after which the same happens; the write throws `timeout`. */
  readonly deadline?: number;
}

/** A settled or skipped round, from the chain's log. */
export interface RoundOutcome {
  readonly round: number;
  /** Undefined for a skipped round. */
  readonly settled: SettledRound | undefined;
  /** Ids of the members whose updates nobody would show, and which therefore did not count. */
  readonly withheld: readonly number[];
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
  /** By seat, in wei: what the aggregator and the seats that attested and scored got. */
  readonly judgesPay: readonly bigint[];
  /** All that left the pool, the keepers' pay included. */
  readonly paid: bigint;
  /** Member ids by cohort position. */
  readonly cohort: readonly number[];
  /** Member ids by seat. */
  readonly seats: readonly number[];
  /** Member id of the poster of the aggregate. */
  readonly aggregator: number;
  /** Proven wrong after it had settled. */
  readonly faulty: boolean;
}

/** Stake taken for a fault or for something missed. */
export interface Slash {
  /** That was running; a settled round can be proven wrong in a later one. */
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

/** Signatures here are 65 bytes; the adapters make them compact (EIP-2098) for the chain. */
export interface PostedCommit {
  readonly position: number;
  /** `PASS` for a member that passes the round. */
  readonly commitment: Hex;
  readonly signature: Hex;
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

/** What a seat signed in an attestation, but for the root. */
export interface Statement {
  readonly round: number;
  readonly seed: Hex;
  readonly slot: number;
  readonly includeHash: Hex;
}

export interface SignedRoot {
  readonly aggregateRoot: Hex;
  readonly signature: Hex;
}

/** A node of a tree: of the aggregate's, or of an included update's. */
export interface TreeNode {
  /** 0 for the aggregate, k + 1 for the update at index k of the include order. */
  readonly tree: number;
  /** Above the leaves; 0 is a leaf. */
  readonly level: number;
  /** From the left, in its level. */
  readonly index: number;
  readonly hash: Hex;
}

/** A demand of the standing proposal that waits for its answer. */
export interface OpenDemand {
  readonly id: number;
  readonly demander: Address;
  /** Seconds. */
  readonly deadline: number;
  /** In the chain's coin. */
  readonly bond: bigint;
  readonly node: TreeNode;
}

/** What was shown in answer to a demand: the 64 hashes six levels down (fewer near the leaves), or the leaf. */
export interface DemandAnswer {
  readonly id: number;
  readonly node: TreeNode;
  readonly data: Uint8Array;
}

/** What the chain looks like at one block. */
export interface ChainSnapshot {
  readonly view: RoundView;
  readonly members: readonly Member[];
  /** As many as `view.openDemands`. */
  readonly demands: readonly OpenDemand[];
  /**
   * Rises when a reorganisation has taken back a block that an earlier snapshot showed: what was concluded from snapshots and
   * histories of a lower generation has to be looked up anew.
   */
  readonly generation: number;
  /** Of the chain's newest block, in seconds; the view's own block is older where a depth of confirmations is set. */
  readonly headTime: number;
}

/**
 * One job, seen and acted upon by one operator. Throws PacelineError `rejected` with the contract's reason in its facts. What a phase
 * asks for can be given a time after which nobody wants it; none of it does anything in another round.
 */
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
  /** What was read of the history lacks something: it is read anew the next time. */
  forgetHistory(): void;
  isOperator(account: Address): Promise<boolean>;
  /** Where operators can be dialled, by operator. */
  contacts(operators: readonly Address[]): Promise<ReadonlyMap<Address, string>>;
  setContact(contact: string): Promise<Receipt>;
  /** Answers that were given to demands on the standing proposal, oldest first. */
  answers(): Promise<readonly DemandAnswer[]>;
  /** What the chain keeps the hash of, for a settled round, from the log; undefined once it was proven wrong, and for others. */
  roundRecord(round: number): Promise<RoundRecord | undefined>;
  commit(position: number, commitment: Hex, wanted?: SendOptions): Promise<Receipt>;
  commitBatch(commits: readonly PostedCommit[], wanted?: SendOptions): Promise<Receipt>;
  share(openings: readonly PostedOpening[], bitmaps: readonly PostedBitmap[], wanted?: SendOptions): Promise<Receipt>;
  /** @param attestation of that root, by the seat whose slot has opened */
  propose(aggregateRoot: Hex, attestation: PostedAttestation, wanted?: SendOptions): Promise<Receipt>;
  attest(
    attestations: readonly PostedAttestation[],
    scoreCommits: readonly PostedScoreCommit[],
    wanted?: SendOptions,
  ): Promise<Receipt>;
  openScores(openings: readonly PostedScores[], wanted?: SendOptions): Promise<Receipt>;
  proveWrongLeaf(proof: WrongLeafProof): Promise<Receipt>;
  /** The same of a settled round, for slashing later. */
  proveSettledWrongLeaf(round: number, record: RoundRecord, proof: WrongLeafProof): Promise<Receipt>;
  /** Two roots that one seat signed for one slot over one include set. */
  proveEquivocation(statement: Statement, first: SignedRoot, second: SignedRoot): Promise<Receipt>;
  /**
   * Asks to be shown what is under a node; sends the bond that the court asks for.
   * @param path sibling hashes from the node up to its tree's root
   */
  demand(updates: readonly IncludedUpdate[], node: TreeNode, path: readonly Uint8Array[]): Promise<Receipt>;
  answerDemand(id: number, data: Uint8Array): Promise<Receipt>;
  /** Brings a suspended member back. */
  resume(memberId: number): Promise<Receipt>;
  /** Takes over the operator that a member's wallet has rotated to. */
  refreshOperator(memberId: number): Promise<Receipt>;
  advance(wanted?: SendOptions): Promise<Receipt>;
}
