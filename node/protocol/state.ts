import { ZERO_WORD, type Address, type Hex } from "../core/bytes.ts";
import type { IncludedUpdate, JobDomain } from "../core/encoding.ts";
import type { JobTerms } from "../core/jobTerms.ts";
import type { Member, RoundView } from "../core/roundView.ts";
import type { SignedStruct } from "../core/typedData.ts";
import type { PeerMessage } from "./messages.ts";
import { Slots } from "./slots.ts";

/** What a peer is told once. Times in seconds. */
export interface PeerSettings {
  readonly operator: Address;
  readonly domain: JobDomain;
  readonly terms: JobTerms;
  /** Head start that each rank gives the next one where anyone may act, so that not everybody pays for the same step. */
  readonly relaySeconds: number;
  /** 32 bytes that nobody else knows: decides in which rounds this peer watches the committee. */
  readonly watchSecret: Hex;
  /** Before a failed effect is tried again, and before a message that nobody acted on is repeated. */
  readonly retrySeconds: number;
}

type Struct<Type extends SignedStruct["type"]> = Extract<SignedStruct, { type: Type }>;
export type OpeningBody = Struct<"Opening">;
export type AttestationBody = Struct<"Attestation">;
export type Signed<Type extends SignedStruct["type"]> = Struct<Type> & { readonly signature: Hex };

/** A signed struct that does not name its seat, with the seat. */
export type Seated<Type extends SignedStruct["type"]> = Signed<Type> & { readonly seat: number };
/** The same of the cohort. */
export type Positioned<Type extends SignedStruct["type"]> = Signed<Type> & { readonly position: number };

/** This peer's update of the round, as it was committed. */
export interface OwnUpdate {
  readonly updateRoot: Hex;
  readonly exampleCount: number;
  readonly salt: Hex;
  readonly commitment: Hex;
}

/** This seat's scores of the round. */
export interface OwnScores {
  readonly includeHash: Hex;
  readonly vector: Hex;
  readonly salt: Hex;
  readonly commitment: Hex;
}

/** A node of a tree that somebody asked to be shown what is under it. */
export interface DemandedNode {
  /** 0 for the aggregate, k + 1 for the update at index k of the include order. */
  readonly tree: number;
  /** Above the leaves; 0 is a leaf. */
  readonly level: number;
  /** From the left, in its level. */
  readonly index: number;
  readonly hash: Hex;
}

/** A demand on the standing proposal that waits for its answer. */
export interface Demand {
  readonly id: number;
  readonly demander: Address;
  /** Seconds. */
  readonly deadline: number;
  readonly node: DemandedNode;
}

/** Two roots that one member signed for one slot over one include set. */
export interface Equivocation {
  /** That signed; only a member's operator of today can be held to it. */
  readonly operator: Address;
  readonly first: Signed<"Attestation">;
  readonly second: Signed<"Attestation">;
}

/** What this peer made of a round, to hold against what settles. */
export interface Judged {
  readonly round: number;
  /** Before the round. */
  readonly modelId: Hex;
  readonly updates: readonly IncludedUpdate[];
  /** Undefined where the round was over before this peer had looked. */
  readonly aggregateRoot: Hex | undefined;
}

/** A round that this peer saw settle, and what its seats say of the model after it. */
export interface SettledRound {
  readonly round: number;
  readonly seed: Hex;
  /** That it left. */
  readonly modelId: Hex;
  /** Operators by seat; the zero address for one that is not known. */
  readonly seats: readonly Address[];
  /** By seat, the first that each said. */
  readonly checkpoints: ReadonlyMap<number, Signed<"Checkpoint">>;
}

/** A checkpoint of this peer that is on the disk. */
export interface SavedModel {
  readonly modelId: Hex;
  readonly updates: number;
  readonly checkpointRoot: Hex;
}

/** All that a peer remembers of one round beside what the chain says. Keys of the maps are positions or seats. */
export interface RoundMemory extends JudgingMemory {
  readonly round: number;
  readonly seed: Hex;
  readonly update: OwnUpdate | undefined;
  /** This peer has nothing to give in this round. */
  readonly passes: boolean;
  /** The first that each author said. */
  readonly commits: Slots<Signed<"Commit">>;
  /** Openings that match their commitments. */
  readonly openings: Slots<OpeningBody>;
  /** Roots of updates that this peer holds and has checked. */
  readonly checked: ReadonlySet<Hex>;
  /** Roots of updates that break a rule, so that this seat will not certify them. */
  readonly refused: ReadonlySet<Hex>;
  readonly bitmaps: Slots<Signed<"Bitmap">>;
  /** Roots of aggregates whose blob this peer holds, other than its own. */
  readonly fetched: ReadonlySet<Hex>;
  /** Roots of blobs that nobody has given at least once. */
  readonly unavailable: ReadonlySet<Hex>;
  /** Part of the window from which on this peer watches, without a seat; see `deciding/watching.ts`. */
  readonly turnToWatch: number;
}

/** What belongs to one include set: void when an update that nobody shows leaves it. */
export interface JudgingMemory {
  /** The zero word until the set is fixed. */
  readonly includeHash: Hex;
  /** The aggregate of the include set, as this peer computed it. */
  readonly aggregateRoot: Hex | undefined;
  /** By seat, one a slot. */
  readonly attestations: Slots<readonly Signed<"Attestation">[]>;
  readonly scores: OwnScores | undefined;
  readonly scoreCommits: Slots<Signed<"ScoreCommit">>;
  readonly scoreOpenings: Slots<Signed<"ScoreOpening">>;
  /** Seats whose vectors this peer has posted. */
  readonly scoresPosted: ReadonlySet<number>;
}

/** When an effect may (again) be started; infinite while it runs. */
export interface Task {
  readonly nextAt: number;
}

export interface PeerState {
  readonly settings: PeerSettings;
  readonly view: RoundView | undefined;
  readonly members: readonly Member[];
  readonly demands: readonly Demand[];
  /** Of the params that this peer holds. */
  readonly modelId: Hex;
  /** The aggregate that stood last, which has settled if the round has. */
  readonly lastRoot: Hex | undefined;
  readonly memory: RoundMemory;
  /** The last one. */
  readonly settled: SettledRound | undefined;
  /** The newest one. */
  readonly saved: SavedModel | undefined;
  /** The newest model whose checkpoint a quorum vouches for, as this peer knows, and how many signatures it keeps of it. */
  readonly attested: { readonly modelId: Hex; readonly signatures: number } | undefined;
  /** By member id; kept until its member is ejected. */
  readonly equivocations: ReadonlyMap<number, Equivocation>;
  /** Of the current round. */
  readonly judged: Judged | undefined;
  /** Rounds that may have settled wrongly. */
  readonly disputes: readonly Judged[];
  /** Messages that came before the chain's view of their round, bounded. */
  readonly early: readonly { readonly message: PeerMessage; readonly author: Address }[];
  readonly tasks: ReadonlyMap<string, Task>;
}

/** More than a round's messages at the largest cohort and committee; further early ones are dropped. */
export const MAX_EARLY_MESSAGES = 512;
/** Newest ones; what each needs to be proven is kept for as long. */
export const MAX_DISPUTES = 4;
/** Rounds for which owners keep their updates: later nobody can look any more. */
export const MAX_LOOK_BACK = 2;
/** Of one author: a round's six kinds, and some bitmaps more. */
export const MAX_EARLY_OF_ONE = 10;

export function emptyMemory(round: number, seed: Hex, turnToWatch = Infinity): RoundMemory {
  return {
    round,
    seed,
    update: undefined,
    passes: false,
    commits: new Slots(),
    openings: new Slots(),
    checked: new Set(),
    refused: new Set(),
    bitmaps: new Slots(),
    fetched: new Set(),
    unavailable: new Set(),
    turnToWatch,
    ...emptyJudging(ZERO_WORD),
  };
}

export function emptyJudging(includeHash: Hex): JudgingMemory {
  return {
    includeHash,
    aggregateRoot: undefined,
    attestations: new Slots(),
    scores: undefined,
    scoreCommits: new Slots(),
    scoreOpenings: new Slots(),
    scoresPosted: new Set(),
  };
}
