import { fromHex, keccakWords, ZERO_WORD, type Address, type Hex } from "../../node/core/bytes.ts";
import { commitmentHash, includeHash, scoreCommitmentHash, type JobDomain } from "../../node/core/encoding.ts";
import { includedUpdates, type Member, type Phase, type RoundView } from "../../node/core/roundView.ts";
import { encodeVector } from "../../node/core/scores.ts";
import { addressOfPrivateKey, signDigest } from "../../node/core/signature.ts";
import { structDigest, type SignedStruct } from "../../node/core/typedData.ts";
import { toHex } from "../../node/core/bytes.ts";
import type { PeerEffect, PeerEvent } from "../../node/protocol/events.ts";
import type { PeerMessage } from "../../node/protocol/messages.ts";
import { initialState, step, type Step } from "../../node/protocol/round.ts";
import type { Demand, OwnScores, OwnUpdate, PeerState } from "../../node/protocol/state.ts";
import { testTerms } from "../helpers/roundPlayer.ts";

/** A round of six members, 0 to 4 in the cohort, seats held by 3, 1, 4 and 5: member 5 judges only, 0 and 2 only train. */
export const domain: JobDomain = { chainId: 31_337, job: `0x${"0b".repeat(20)}` };
export const terms = testTerms(`0x${"c0".repeat(20)}`, { phaseBlocks: 0, rounds: 100 });
export const RELAY = 5;
export const RETRY = 7;
export const START = 1_000_000;
export const SEED = keccakWords(41);
export const MODEL = keccakWords(42);
export const COHORT = [0, 1, 2, 3, 4];
export const SEATS = [3, 1, 4, 5];

export const keys = Array.from({ length: 7 }, (_, id) => fromHex(keccakWords(900, id)));
export const operators = keys.map(addressOfPrivateKey);
export const members: Member[] = operators.slice(0, 6).map((operator) => ({
  operator,
  wallet: operator,
  trailingScore: 0,
  suspendedUntil: 0,
  weight: 1,
  credit: 0n,
  active: true,
  ejected: false,
}));
/** Registered, and no member. */
export const OUTSIDER = 6;

export function updateOf(id: number): OwnUpdate {
  const parts = {
    round: 4,
    memberId: id,
    updateRoot: keccakWords(50, id),
    exampleCount: 10 + id,
    salt: keccakWords(60, id),
  };
  return { ...parts, commitment: commitmentHash(domain, parts) };
}

const kept = (commitment: Hex): Hex => `0x${commitment.slice(2, 64)}00`;

/** Nobody has done anything yet in `phase`. */
export function viewIn(phase: Phase, change: Partial<RoundView> = {}): RoundView {
  const committed = ["joining", "draw", "commit"].includes(phase) ? 0n : 0b11111n;
  const opened = ["joining", "draw", "commit", "share"].includes(phase) ? 0n : committed;
  const drawn = phase !== "joining" && phase !== "draw";
  const view: RoundView = {
    phase,
    round: 4,
    phaseStart: START,
    phaseStartBlock: 77,
    blockTime: START,
    blockNumber: 77,
    seed: SEED,
    modelId: MODEL,
    cohort: drawn ? COHORT : [],
    seats: drawn ? SEATS : [],
    committedMask: committed,
    passedMask: 0n,
    openedMask: opened,
    includedMask: opened,
    updateRoots: COHORT.map((id) =>
      opened > 0n ? updateOf(id).updateRoot : committed > 0n ? kept(updateOf(id).commitment) : ZERO_WORD,
    ),
    exampleCounts: COHORT.map((id) => (opened > 0n ? 10 + id : 0)),
    bitmaps: drawn ? SEATS.map(() => opened) : [],
    liveSeats: drawn ? 0b1111n : 0n,
    firstSlot: 0,
    slot: 0,
    includeHash: ZERO_WORD,
    aggregateRoot: phase === "challenge" || phase === "score" ? RIGHT_ROOT : ZERO_WORD,
    attestedMask: 0n,
    scoreCommittedMask: phase === "score" ? 0b1111n : 0n,
    scoreOpenedMask: 0n,
    openDemands: 0,
    windowEnd: 0,
    windowEndBlock: 0,
    ...change,
  };
  return view.includedMask === 0n ? view : { ...view, includeHash: includeHash(includedUpdates(view)) };
}

export const RIGHT_ROOT = keccakWords(70);
export const WRONG_ROOT = keccakWords(71);
export const INCLUDE_HASH = includeHash(includedUpdates(viewIn("propose")));

/** A peer's scores: everything on one update that is not its own. */
export function scoresOf(id: number): OwnScores {
  const vector = encodeVector(COHORT.map((other) => (other === (id === 0 ? 1 : 0) ? 10_000 : 0)));
  const parts = {
    round: 4,
    seed: SEED,
    scorer: id,
    includeHash: INCLUDE_HASH,
    vector,
    salt: keccakWords(80, id),
  };
  return {
    includeHash: INCLUDE_HASH,
    vector: toHex(vector),
    salt: parts.salt,
    commitment: scoreCommitmentHash(domain, parts),
  };
}

export function sign(id: number, body: SignedStruct): PeerMessage {
  return { body, signature: signDigest(structDigest(domain, body), keys[id]!) };
}

export const said = (id: number, body: SignedStruct): PeerEvent => ({
  type: "message",
  message: sign(id, body),
  author: operators[id]!,
});

export const commitOf = (id: number, commitment: Hex = updateOf(id).commitment): SignedStruct => ({
  type: "Commit",
  round: 4,
  seed: SEED,
  commitment,
});

export function openingOf(id: number): SignedStruct {
  const { updateRoot, exampleCount, salt } = updateOf(id);
  return { type: "Opening", round: 4, seed: SEED, position: id, updateRoot, exampleCount, salt };
}

export const bitmapOf = (seat: number, bits: bigint): SignedStruct => ({
  type: "Bitmap",
  round: 4,
  seed: SEED,
  seat,
  bits,
});

export const attestationOf = (aggregateRoot: Hex = RIGHT_ROOT, slot = 0): SignedStruct => ({
  type: "Attestation",
  round: 4,
  seed: SEED,
  slot,
  includeHash: INCLUDE_HASH,
  aggregateRoot,
});

export const scoreCommitOf = (id: number): SignedStruct => ({
  type: "ScoreCommit",
  round: 4,
  seed: SEED,
  includeHash: INCLUDE_HASH,
  commitment: scoresOf(id).commitment,
});

export const scoreOpeningOf = (id: number): SignedStruct => ({
  type: "ScoreOpening",
  round: 4,
  seed: SEED,
  seat: SEATS.indexOf(id),
  vector: scoresOf(id).vector,
  salt: scoresOf(id).salt,
});

export const checked = (...ids: readonly number[]): PeerEvent[] =>
  ids.map((id) => ({ type: "checked", round: 4, updateRoot: updateOf(id).updateRoot, ok: true }));

export const aggregated = (aggregateRoot: Hex = RIGHT_ROOT): PeerEvent => ({
  type: "aggregated",
  round: 4,
  includeHash: INCLUDE_HASH,
  aggregateRoot,
});

export const see = (
  view: RoundView,
  list: readonly Member[] = members,
  demands: readonly Demand[] = [],
): PeerEvent => ({
  type: "view",
  view,
  members: list,
  demands,
});

/** A peer as it stands after some events, with all that it has started. */
/** By which everybody watches who has no seat: there are few. */
const watchSecret = keccakWords(7);

export class Situation {
  state: PeerState;
  now = START;
  started: Step["effects"] = [];
  wakeAt = Infinity;

  constructor(id: number, modelId: Hex = MODEL) {
    const operator: Address = operators[id]!;
    this.state = initialState(
      { operator, domain, terms, relaySeconds: RELAY, retrySeconds: RETRY, watchSecret },
      modelId,
    );
  }

  /** Takes events in and remembers what they started. */
  after(...events: readonly PeerEvent[]): this {
    this.started = [];
    for (const event of events) {
      const next = step(this.state, event, this.now);
      this.state = next.state;
      this.wakeAt = next.wakeAt;
      this.started = [...this.started, ...next.effects];
    }
    return this;
  }

  /** What comes to be started when the clock stands `seconds` into the phase. */
  at(seconds: number): this {
    this.now = START + seconds;
    return this.after({ type: "tick" });
  }

  get effects(): PeerEffect[] {
    return this.started.map(({ effect }) => effect);
  }

  get types(): string[] {
    return this.effects.map((effect) => (effect.type === "publish" ? `publish ${effect.body.type}` : effect.type));
  }

  /** The one effect of its type that was started. */
  only<Type extends PeerEffect["type"]>(type: Type): Extract<PeerEffect, { type: Type }> {
    const [first, second] = this.effects.filter((effect) => effect.type === type);
    if (first === undefined || second !== undefined)
      throw new Error(`expected one ${type}, got ${this.types.join(", ")}`);
    return first as Extract<PeerEffect, { type: Type }>;
  }

  /** The end of the one effect of a type. */
  ended(type: PeerEffect["type"], ok: boolean): PeerEvent {
    const found = this.started.filter(({ effect }) => effect.type === type);
    if (found.length !== 1) throw new Error(`expected one ${type}, got ${this.types.join(", ")}`);
    return { type: "done", key: found[0]!.key, ok };
  }
}

export const peer = (id: number, modelId?: Hex): Situation => new Situation(id, modelId);
