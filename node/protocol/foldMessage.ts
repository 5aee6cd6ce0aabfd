import { ZERO_WORD, type Address } from "../core/bytes.ts";
import { hasBit, popCount, type RoundView } from "../core/roundView.ts";
import type { PeerMessage } from "./messages.ts";
import { opensUpdate, scoresOpened } from "./openings.ts";
import { operatorAt, positionOfOperator, seatOfOperator } from "./places.ts";
import type { Slots } from "./slots.ts";
import { MAX_EARLY_MESSAGES, MAX_EARLY_OF_ONE, type PeerState, type RoundMemory, type Signed } from "./state.ts";

/**
 * Takes a message in if it fits the round: its number and seed, its author's place, its commitment. One that is ahead of
 * this peer's view waits; anything else is dropped.
 */
export function foldMessage(state: PeerState, message: PeerMessage, author: Address): PeerState {
  const { view } = state;
  const { body } = message;
  if (view !== undefined && body.type === "Checkpoint") return foldCheckpoint(state, view, message, author);
  if (view === undefined || body.round > view.round || (body.round === view.round && body.seed !== view.seed)) {
    return keepEarly(state, message, author);
  }
  return body.round === view.round ? foldOfRound(state, view, message, author) : state;
}

function foldOfRound(state: PeerState, view: RoundView, message: PeerMessage, author: Address): PeerState {
  const { memory } = state;
  const { body, signature } = message;
  switch (body.type) {
    case "Commit": {
      const position = positionOfOperator(state, view, author);
      if (position < 0 || memory.commits.has(position)) return state;
      return put(state, "commits", position, { ...body, signature });
    }
    case "Opening":
      return foldOpening(state, view, message, author);
    case "Bitmap": {
      if (operatorAt(state, view.seats[body.seat]) !== author) return state;
      const known = memory.bitmaps.get(body.seat);
      if (known !== undefined && popCount(body.bits | known.bits) === popCount(known.bits)) return state;
      return put(state, "bitmaps", body.seat, { ...body, signature });
    }
    case "Attestation":
      return foldAttestation(state, view, { ...body, signature }, author, message);
    case "ScoreCommit": {
      const seat = seatOfOperator(state, view, author);
      if (seat < 0 || memory.scoreCommits.has(seat)) return state;
      if (body.includeHash !== view.includeHash) return keepEarly(state, message, author);
      return put(state, "scoreCommits", seat, { ...body, signature });
    }
    case "ScoreOpening":
      return foldScoreOpening(state, view, message, author);
    case "Checkpoint":
      return state; // of a round that is over
  }
}

/** What a seat of the round that has settled last says of the model after it; one a seat. */
function foldCheckpoint(state: PeerState, view: RoundView, message: PeerMessage, author: Address): PeerState {
  const { settled } = state;
  const { body, signature } = message;
  if (body.type !== "Checkpoint") return state;
  if (body.round >= view.round && body.round !== settled?.round) return keepEarly(state, message, author);
  if (settled?.round !== body.round || settled.seed !== body.seed || settled.modelId !== body.modelId) return state;
  const seat = settled.seats.indexOf(author);
  if (seat < 0 || settled.checkpoints.has(seat)) return state;
  const checkpoints = new Map(settled.checkpoints).set(seat, { ...body, signature });
  return { ...state, settled: { ...settled, checkpoints } };
}

/** An opening counts when its author stands at that position and it matches the commitment on the chain. */
function foldOpening(state: PeerState, view: RoundView, message: PeerMessage, author: Address): PeerState {
  const { body } = message;
  const memberId = body.type === "Opening" ? view.cohort[body.position] : undefined;
  if (body.type !== "Opening" || memberId === undefined || operatorAt(state, memberId) !== author) return state;
  if (!hasBit(view.committedMask, body.position)) return keepEarly(state, message, author);
  if (state.memory.openings.has(body.position)) return state;
  return opensUpdate(state.settings.domain, view, body) ? put(state, "openings", body.position, body) : state;
}

/** One a slot of a seat, of the include set that stands. Another root for the same slot is evidence against its author. */
function foldAttestation(
  state: PeerState,
  view: RoundView,
  signed: Signed<"Attestation">,
  author: Address,
  message: PeerMessage,
): PeerState {
  const seat = seatOfOperator(state, view, author);
  if (seat < 0 || signed.slot >= view.seats.length) return state;
  if (signed.includeHash !== view.includeHash) return keepEarly(state, message, author);
  const known = state.memory.attestations.get(seat) ?? [];
  const first = known.find(({ slot }) => slot === signed.slot);
  if (first === undefined) return put(state, "attestations", seat, [...known, signed]);
  const memberId = view.seats[seat] as number;
  if (first.aggregateRoot === signed.aggregateRoot || state.equivocations.has(memberId)) return state;
  const evidence = { operator: author, first, second: signed };
  return { ...state, equivocations: new Map(state.equivocations).set(memberId, evidence) };
}

/** The author is ahead of this peer on the chain: judge its message again with the next view. Nobody can fill the room. */
function keepEarly(state: PeerState, message: PeerMessage, author: Address): PeerState {
  const { early } = state;
  const same = early.filter((one) => one.author === author);
  if (early.length >= MAX_EARLY_MESSAGES || same.length >= MAX_EARLY_OF_ONE) return state;
  if (same.some((one) => one.message.signature === message.signature)) return state;
  return { ...state, early: [...early, { message, author }] };
}

function foldScoreOpening(state: PeerState, view: RoundView, message: PeerMessage, author: Address): PeerState {
  const { body } = message;
  const scorer = body.type === "ScoreOpening" ? view.seats[body.seat] : undefined;
  if (body.type !== "ScoreOpening" || scorer === undefined || operatorAt(state, scorer) !== author) return state;
  if (view.includeHash === ZERO_WORD || state.memory.scoreOpenings.has(body.seat)) return state;
  const commit = state.memory.scoreCommits.get(body.seat);
  const commitment = scoresOpened(state.settings.domain, view, body);
  if (commitment === undefined || (commit !== undefined && commit.commitment !== commitment)) return state;
  return put(state, "scoreOpenings", body.seat, { ...body, signature: message.signature });
}

/** Messages that came before the view they need are judged again. */
export function retryEarly(state: PeerState): PeerState {
  const cleared: PeerState = { ...state, early: [] };
  return state.early.reduce((next, { message, author }) => foldMessage(next, message, author), cleared);
}

type MapField = "commits" | "openings" | "bitmaps" | "attestations" | "scoreCommits" | "scoreOpenings";
type MapValue<Field extends MapField> = RoundMemory[Field] extends Slots<infer Value> ? Value : never;

function put<Field extends MapField>(state: PeerState, field: Field, key: number, value: MapValue<Field>): PeerState {
  const map = (state.memory[field] as Slots<MapValue<Field>>).with(key, value);
  return { ...state, memory: { ...state.memory, [field]: map } };
}
