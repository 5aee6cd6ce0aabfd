import type { Address, Hex } from "../core/bytes.ts";
import type { JobDomain } from "../core/encoding.ts";
import type { JobTerms } from "../core/jobTerms.ts";
import type { Member, RoundView } from "../core/roundView.ts";
import type { SignedStruct } from "../core/typedData.ts";
import type { PeerMessage } from "./messages.ts";

/** What a peer is told once. Times in seconds. */
export interface PeerSettings {
  readonly operator: Address;
  readonly domain: JobDomain;
  readonly terms: JobTerms;
  /** Head start that each rank gives the next one where anyone may act, so that not everybody pays for the same step. */
  readonly relaySeconds: number;
  /** Before a failed effect is tried again, and before a message that nobody acted on is repeated. */
  readonly retrySeconds: number;
}

type Struct<Type extends SignedStruct["type"]> = Extract<SignedStruct, { type: Type }>;
export type OpeningBody = Struct<"Opening">;
export type Signed<Type extends SignedStruct["type"]> = Struct<Type> & { readonly signature: Hex };

/** A signed struct that does not name its seat, with the seat. */
export type Seated<Type extends SignedStruct["type"]> = Signed<Type> & { readonly seat: number };

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

/** All that a peer remembers of one round beside what the chain says. Keys of the maps are positions or seats. */
export interface RoundMemory {
  readonly round: number;
  readonly seed: Hex;
  readonly update: OwnUpdate | undefined;
  /** Openings that match their commitments. */
  readonly openings: ReadonlyMap<number, OpeningBody>;
  /** Roots of updates that this peer holds and has checked. */
  readonly checked: ReadonlySet<Hex>;
  /** Roots of updates that break a rule, so that this seat will not certify them. */
  readonly refused: ReadonlySet<Hex>;
  readonly bitmaps: ReadonlyMap<number, Signed<"Bitmap">>;
  /** The aggregate of the include set, as this peer computed it. */
  readonly aggregateRoot: Hex | undefined;
  readonly attestations: ReadonlyMap<number, Signed<"Attestation">>;
  readonly scores: OwnScores | undefined;
  readonly scoreCommits: ReadonlyMap<number, Signed<"ScoreCommit">>;
  readonly scoreOpenings: ReadonlyMap<number, Signed<"ScoreOpening">>;
}

/** When an effect may (again) be started; infinite while it runs. */
export interface Task {
  readonly nextAt: number;
}

export interface PeerState {
  readonly settings: PeerSettings;
  readonly view: RoundView | undefined;
  readonly members: readonly Member[];
  /** Of the params that this peer holds. */
  readonly modelId: Hex;
  /** The aggregate that stood last, which has settled if the round has. */
  readonly lastRoot: Hex | undefined;
  readonly memory: RoundMemory;
  /** Messages that came before the chain's view of their round, bounded. */
  readonly early: readonly { readonly message: PeerMessage; readonly author: Address }[];
  readonly tasks: ReadonlyMap<string, Task>;
}

/** More than a round's messages at the largest cohort and committee; further early ones are dropped. */
export const MAX_EARLY_MESSAGES = 512;
/** Of one author: a round's five kinds, and some bitmaps more. */
export const MAX_EARLY_OF_ONE = 8;

export function emptyMemory(round: number, seed: Hex): RoundMemory {
  return {
    round,
    seed,
    update: undefined,
    openings: new Map(),
    checked: new Set(),
    refused: new Set(),
    bitmaps: new Map(),
    aggregateRoot: undefined,
    attestations: new Map(),
    scores: undefined,
    scoreCommits: new Map(),
    scoreOpenings: new Map(),
  };
}
