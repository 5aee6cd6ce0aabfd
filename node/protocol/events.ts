import type { Address, Hex } from "../core/bytes.ts";
import type { IncludedUpdate } from "../core/encoding.ts";
import type { Member, RoundView } from "../core/roundView.ts";
import type { SignedStruct } from "../core/typedData.ts";
import type { Certificate } from "./checkpoint.ts";
import type { PeerMessage } from "./messages.ts";
import type {
  AttestationBody,
  Demand,
  DemandedNode,
  Equivocation,
  Judged,
  OpeningBody,
  OwnScores,
  OwnUpdate,
  Positioned,
  SavedModel,
  Seated,
  Signed,
} from "./state.ts";

/** What can happen to a peer. */
export type PeerEvent =
  /** The chain was read. */
  | {
      readonly type: "view";
      readonly view: RoundView;
      readonly members: readonly Member[];
      readonly demands: readonly Demand[];
    }
  /** A message that was judged `accepted`; this peer's own messages come back the same way. */
  | { readonly type: "message"; readonly message: PeerMessage; readonly author: Address }
  | { readonly type: "trained"; readonly round: number; readonly update: OwnUpdate }
  /** Training gave nothing to commit. */
  | { readonly type: "passed"; readonly round: number }
  /** An update was fetched and checked; `ok` is false when it breaks a rule. */
  | { readonly type: "checked"; readonly round: number; readonly updateRoot: Hex; readonly ok: boolean }
  | { readonly type: "aggregated"; readonly round: number; readonly includeHash: Hex; readonly aggregateRoot: Hex }
  /** The blob of an aggregate, other than one's own, is here. */
  | { readonly type: "fetched"; readonly round: number; readonly aggregateRoot: Hex }
  /** None of those asked gave a blob; or, where `reached` is false, this peer was connected to none of them. */
  | { readonly type: "unavailable"; readonly round: number; readonly root: Hex; readonly reached?: boolean }
  | { readonly type: "scored"; readonly round: number; readonly scores: OwnScores }
  /** What a run before a restart made of a round that may be over. */
  | { readonly type: "judged"; readonly judged: Judged }
  /** What settled in a round was right after all, or is proven wrong. */
  | { readonly type: "audited"; readonly round: number }
  /** The params now stand at `modelId`. */
  | { readonly type: "model"; readonly modelId: Hex }
  /** They are on the disk. */
  | { readonly type: "saved"; readonly saved: SavedModel }
  /** A quorum's word for the checkpoint of `modelId` is on the disk. */
  | { readonly type: "attested"; readonly modelId: Hex; readonly signatures: number }
  /** The chain has taken a call with the score vectors of these seats. */
  | { readonly type: "scoresPosted"; readonly round: number; readonly seats: readonly number[] }
  /** An effect came to its end. */
  | { readonly type: "done"; readonly key: string; readonly ok: boolean }
  /** Time has passed. */
  | { readonly type: "tick" };

/** What a peer wants done. Each runs once at a time, under its task's key. */
export type PeerEffect =
  /** Train on the global model, quantise, store the blob; answer `trained`, or `passed`. */
  | { readonly type: "train"; readonly round: number; readonly memberId: number; readonly modelId: Hex }
  /** By a transaction of one's own. */
  | {
      readonly type: "commit";
      readonly round: number;
      readonly seed: Hex;
      readonly position: number;
      readonly commitment: Hex;
    }
  | { readonly type: "commitBatch"; readonly commits: readonly Positioned<"Commit">[] }
  /** Sign and gossip; answer with the signed message. */
  | { readonly type: "publish"; readonly body: SignedStruct }
  /** Fetch an update from the first of `holders` that has it and check it; answer `checked`. */
  | {
      readonly type: "fetchUpdate";
      readonly round: number;
      readonly updateRoot: Hex;
      readonly holders: readonly Address[];
    }
  /** Fetch the aggregate ahead of its use; answer `fetched`. */
  | {
      readonly type: "fetchAggregate";
      readonly round: number;
      readonly aggregateRoot: Hex;
      readonly holders: readonly Address[];
    }
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
      readonly scorer: number;
      readonly includeHash: Hex;
      readonly updates: readonly IncludedUpdate[];
      readonly own: number | undefined;
    }
  /** Sign and post the root; the signature attests it. */
  | { readonly type: "propose"; readonly seat: number; readonly body: AttestationBody }
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
  /** Ask the chain to be shown what is under a node of a tree that is hidden; prove the wrong leaf, once it is shown. */
  | {
      readonly type: "demand";
      /** As in `DemandedNode`. */
      readonly tree: number;
      readonly root: Hex;
      readonly seed: Hex;
      readonly updates: readonly IncludedUpdate[];
    }
  /** Show what somebody demands. @property root of the tree */
  | { readonly type: "answer"; readonly id: number; readonly node: DemandedNode; readonly root: Hex }
  | { readonly type: "proveEquivocation"; readonly memberId: number; readonly equivocation: Equivocation }
  /** Hold what settled against what this peer made of the round, and prove it wrong where it is; answer `audited`. */
  | { readonly type: "audit"; readonly judged: Judged; readonly owners: readonly Address[] }
  | { readonly type: "openScores"; readonly openings: readonly Signed<"ScoreOpening">[] }
  | { readonly type: "advance"; readonly round: number; readonly phase: string }
  /** Bring a suspended member back. */
  | { readonly type: "resume"; readonly memberId: number }
  /** Keep a quorum's word with the checkpoint that it is about; answer `attested`. */
  | { readonly type: "keepCheckpoint"; readonly certificate: Certificate }
  /**
   * Bring the params to `modelId`: on from what is held by aggregates or an attested checkpoint, or back where the chain was
   * reorganised; answer `model` and `saved`.
   */
  | { readonly type: "sync"; readonly modelId: Hex; readonly lastRoot: Hex | undefined };
