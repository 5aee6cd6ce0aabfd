import { fromHex, ZERO_WORD, type Address } from "../core/bytes.ts";
import { commitmentHash, scoreCommitmentHash } from "../core/encoding.ts";
import { bitsOf, hasBit, popCount, type Member, type RoundView } from "../core/roundView.ts";
import { decodeVector } from "../core/scores.ts";
import type { PeerEvent } from "./events.ts";
import type { PeerMessage } from "./messages.ts";
import { operatorAt, seatOfOperator } from "./places.ts";
import { emptyMemory, MAX_EARLY_MESSAGES, MAX_EARLY_OF_ONE, type PeerState, type RoundMemory } from "./state.ts";

/** What a peer knows after an event; what it does about it is decided elsewhere (decide.ts). */
export function foldEvent(state: PeerState, event: PeerEvent): PeerState {
  switch (event.type) {
    case "view":
      return foldView(state, event.view, event.members);
    case "message":
      return foldMessage(state, event.message, event.author);
    case "trained": // the first one stands: it may be committed already
      return state.memory.update === undefined ? withMemory(state, event.round, { update: event.update }) : state;
    case "checked": {
      const { checked, refused } = state.memory;
      return event.ok
        ? withMemory(state, event.round, { checked: new Set(checked).add(event.updateRoot) })
        : withMemory(state, event.round, { refused: new Set(refused).add(event.updateRoot) });
    }
    case "aggregated":
      return state.view?.includeHash === event.includeHash
        ? withMemory(state, event.round, { aggregateRoot: event.aggregateRoot })
        : state;
    case "scored":
      return state.memory.scores === undefined ? withMemory(state, event.round, { scores: event.scores }) : state;
    case "model":
      return { ...state, modelId: event.modelId };
    case "done":
    case "tick":
      return state;
  }
}

function withMemory(state: PeerState, round: number, change: Partial<RoundMemory>): PeerState {
  return round === state.memory.round ? { ...state, memory: { ...state.memory, ...change } } : state;
}

function foldView(state: PeerState, view: RoundView, members: readonly Member[]): PeerState {
  const lastRoot = view.aggregateRoot === ZERO_WORD ? state.lastRoot : view.aggregateRoot;
  const seen = { ...state, view, members, lastRoot };
  if (view.round === state.memory.round && view.seed === state.memory.seed) return seen;
  return { ...seen, memory: emptyMemory(view.round, view.seed) };
}

/**
 * Takes a message in if it fits the round: its number and seed, its author's place, its commitment. One that is ahead of
 * this peer's view waits; anything else is dropped.
 */
function foldMessage(state: PeerState, message: PeerMessage, author: Address): PeerState {
  const { view, memory } = state;
  const { body } = message;
  if (view === undefined || body.round > view.round || (body.round === view.round && body.seed !== view.seed)) {
    return keepEarly(state, message, author);
  }
  if (body.round !== view.round) return state;
  switch (body.type) {
    case "Opening":
      return foldOpening(state, view, message, author);
    case "Bitmap": {
      if (operatorAt(state, view.seats[body.seat]) !== author) return state;
      const known = memory.bitmaps.get(body.seat);
      if (known !== undefined && popCount(body.bits | known.bits) === popCount(known.bits)) return state;
      return put(state, "bitmaps", body.seat, { ...body, signature: message.signature });
    }
    case "Attestation": {
      const seat = seatOfOperator(state, view, author);
      return seat < 0 ? state : put(state, "attestations", seat, { ...body, signature: message.signature });
    }
    case "ScoreCommit": {
      const seat = seatOfOperator(state, view, author);
      if (seat < 0 || memory.scoreCommits.has(seat)) return state;
      return put(state, "scoreCommits", seat, { ...body, signature: message.signature });
    }
    case "ScoreOpening":
      return foldScoreOpening(state, view, message, author);
  }
}

/** An opening counts when its author stands at that position and it matches the commitment on the chain. */
function foldOpening(state: PeerState, view: RoundView, message: PeerMessage, author: Address): PeerState {
  const { body } = message;
  if (body.type !== "Opening" || operatorAt(state, view.cohort[body.position]) !== author) return state;
  if (!hasBit(view.committedMask, body.position)) return keepEarly(state, message, author);
  if (state.memory.openings.has(body.position)) return state;
  const onChain = view.updateRoots[body.position];
  const expected = hasBit(view.openedMask, body.position)
    ? body.updateRoot
    : `${commitmentHash(state.settings.domain, { ...body, operator: author }).slice(0, 64)}00`;
  return onChain === expected ? put(state, "openings", body.position, body) : state;
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
  if (body.type !== "ScoreOpening" || operatorAt(state, view.seats[body.seat]) !== author) return state;
  if (state.memory.scoreOpenings.has(body.seat)) return state;
  const commit = state.memory.scoreCommits.get(body.seat);
  const vector = fromHex(body.vector);
  const commitment = scoreCommitmentHash(state.settings.domain, {
    ...body,
    scorer: author,
    includeHash: view.includeHash,
    vector,
  });
  if (commit !== undefined && commit.commitment !== commitment) return state;
  const own = bitsOf(view.includedMask).findIndex((position) => view.cohort[position] === view.seats[body.seat]);
  try {
    decodeVector(vector, popCount(view.includedMask), own < 0 ? undefined : own);
  } catch {
    return state; // the contract would skip it too
  }
  return put(state, "scoreOpenings", body.seat, { ...body, signature: message.signature });
}

/** Messages that came before the view they need are judged again. */
export function retryEarly(state: PeerState): PeerState {
  const cleared: PeerState = { ...state, early: [] };
  return state.early.reduce((next, { message, author }) => foldMessage(next, message, author), cleared);
}

type MapField = "openings" | "bitmaps" | "attestations" | "scoreCommits" | "scoreOpenings";
type MapValue<Field extends MapField> = RoundMemory[Field] extends ReadonlyMap<number, infer Value> ? Value : never;

function put<Field extends MapField>(state: PeerState, field: Field, key: number, value: MapValue<Field>): PeerState {
  const map = new Map(state.memory[field] as ReadonlyMap<number, MapValue<Field>>).set(key, value);
  return { ...state, memory: { ...state.memory, [field]: map } };
}
