import type { Address, Hex } from "../core/bytes.ts";
import type { IncludedUpdate } from "../core/encoding.ts";
import type { Member, RoundView } from "../core/roundView.ts";
import type { SignedStruct } from "../core/typedData.ts";
import type { PeerMessage } from "./messages.ts";
import type { OpeningBody, OwnScores, OwnUpdate, Seated, Signed } from "./state.ts";

/** What can happen to a peer. */
export type PeerEvent =
  /** The chain was read. Members are given whenever their list has changed. */
  | { readonly type: "view"; readonly view: RoundView; readonly members: readonly Member[] }
  /** A message that was judged `accepted`; this peer's own messages come back the same way. */
  | { readonly type: "message"; readonly message: PeerMessage; readonly author: Address }
  | { readonly type: "trained"; readonly round: number; readonly update: OwnUpdate }
  /** An update was fetched and checked; `ok` is false when it breaks a rule. */
  | { readonly type: "checked"; readonly round: number; readonly updateRoot: Hex; readonly ok: boolean }
  | { readonly type: "aggregated"; readonly round: number; readonly includeHash: Hex; readonly aggregateRoot: Hex }
  | { readonly type: "scored"; readonly round: number; readonly scores: OwnScores }
  /** The params now stand at `modelId`. */
  | { readonly type: "model"; readonly modelId: Hex }
  /** An effect came to its end. */
  | { readonly type: "done"; readonly key: string; readonly ok: boolean }
  /** Time has passed. */
  | { readonly type: "tick" };

/** What a peer wants done. Each runs once at a time, under its task's key. */
export type PeerEffect =
  /** Train on the global model, quantise, store the blob; answer `trained`. */
  | { readonly type: "train"; readonly round: number; readonly modelId: Hex }
  | { readonly type: "commit"; readonly round: number; readonly position: number; readonly commitment: Hex }
  /** Sign and gossip; answer with the signed message. */
  | { readonly type: "publish"; readonly body: SignedStruct }
  /** Fetch an update from the first of `holders` that has it and check it; answer `checked`. */
  | {
      readonly type: "fetchUpdate";
      readonly round: number;
      readonly updateRoot: Hex;
      readonly holders: readonly Address[];
    }
  /** Fetch the aggregate ahead of its use. */
  | { readonly type: "fetchAggregate"; readonly aggregateRoot: Hex; readonly holders: readonly Address[] }
  | { readonly type: "share"; readonly openings: readonly OpeningBody[]; readonly bitmaps: readonly Signed<"Bitmap">[] }
  /** Compute the aggregate of the include set and store its blob; answer `aggregated`. */
  | {
      readonly type: "aggregate";
      readonly round: number;
      readonly includeHash: Hex;
      readonly updates: readonly IncludedUpdate[];
    }
  /** Score the include set with the global model; answer `scored`. `own` is this seat's index in it. */
  | {
      readonly type: "score";
      readonly round: number;
      readonly seed: Hex;
      readonly includeHash: Hex;
      readonly updates: readonly IncludedUpdate[];
      readonly own: number | undefined;
    }
  | { readonly type: "propose"; readonly round: number; readonly aggregateRoot: Hex }
  | {
      readonly type: "attest";
      readonly attestations: readonly Seated<"Attestation">[];
      readonly scoreCommits: readonly Seated<"ScoreCommit">[];
    }
  /** The standing aggregate differs from this peer's: find a wrong coordinate and prove it. */
  | {
      readonly type: "prove";
      readonly round: number;
      readonly updates: readonly IncludedUpdate[];
      readonly aggregateRoot: Hex;
      readonly holders: readonly Address[];
    }
  | { readonly type: "openScores"; readonly openings: readonly Signed<"ScoreOpening">[] }
  | { readonly type: "advance"; readonly round: number; readonly phase: string }
  /** Bring the params to `modelId`, from the aggregates of the settled rounds; answer `model`. */
  | { readonly type: "sync"; readonly modelId: Hex; readonly lastRoot: Hex | undefined };
