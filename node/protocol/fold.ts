import { ZERO_WORD, type Address } from "../core/bytes.ts";
import { nextModelId } from "../core/encoding.ts";
import { includedUpdates, type Member, type RoundView } from "../core/roundView.ts";
import type { PeerEvent } from "./events.ts";
import { turnToWatch } from "./deciding/watching.ts";
import { foldMessage } from "./foldMessage.ts";
import { memberIdOf, ownSeat } from "./places.ts";
import { rosterOf } from "./roster.ts";
import {
  emptyJudging,
  emptyMemory,
  MAX_DISPUTES,
  MAX_LOOK_BACK,
  type Judged,
  type PeerState,
  type RoundMemory,
} from "./state.ts";

const ZERO_ADDRESS: Address = `0x${"00".repeat(20)}`;

/** What a peer knows after an event; what it does about it is decided elsewhere (decide.ts). */
export function foldEvent(state: PeerState, event: PeerEvent): PeerState {
  const { memory } = state;
  switch (event.type) {
    case "view":
      return foldView(state, event);
    case "message":
      return foldMessage(state, event.message, event.author);
    case "trained": // the first one stands: it may be committed already
      return memory.update === undefined ? withMemory(state, event.round, { update: event.update }) : state;
    case "passed":
      return withMemory(state, event.round, { passes: true });
    case "checked":
      return event.ok
        ? withMemory(state, event.round, { checked: new Set(memory.checked).add(event.updateRoot) })
        : withMemory(state, event.round, { refused: new Set(memory.refused).add(event.updateRoot) });
    case "aggregated":
      return foldAggregated(state, event);
    case "fetched":
      return withMemory(state, event.round, { fetched: new Set(memory.fetched).add(event.aggregateRoot) });
    case "unavailable":
      if (event.reached === false && ownSeat(state) < 0) return state; // a watcher was refused by nobody
      return withMemory(state, event.round, { unavailable: new Set(memory.unavailable).add(event.root) });
    case "scored":
      return memory.scores === undefined && memory.includeHash === event.scores.includeHash
        ? withMemory(state, event.round, { scores: event.scores })
        : state;
    case "judged":
      return { ...state, disputes: withDispute(state, event.judged) };
    case "audited":
      return { ...state, disputes: state.disputes.filter(({ round }) => round !== event.round) };
    case "scoresPosted":
      return withMemory(state, event.round, { scoresPosted: new Set([...memory.scoresPosted, ...event.seats]) });
    case "model":
      return { ...state, modelId: event.modelId };
    case "saved":
      return { ...state, saved: event.saved };
    case "attested":
      return { ...state, attested: { modelId: event.modelId, signatures: event.signatures } };
    case "done":
    case "tick":
      return state;
  }
}

function withMemory(state: PeerState, round: number, change: Partial<RoundMemory>): PeerState {
  return round === state.memory.round ? { ...state, memory: { ...state.memory, ...change } } : state;
}

type EventOf<Type extends PeerEvent["type"]> = Extract<PeerEvent, { type: Type }>;

function foldAggregated(state: PeerState, { round, includeHash, aggregateRoot }: EventOf<"aggregated">): PeerState {
  const { memory, view } = state;
  if (view === undefined || round !== memory.round || includeHash !== memory.includeHash) return state;
  const judged = { round, modelId: view.modelId, updates: includedUpdates(view), aggregateRoot };
  return { ...state, judged, memory: { ...memory, aggregateRoot } };
}

function foldView(state: PeerState, { view, members, demands }: EventOf<"view">): PeerState {
  const lastRoot = view.aggregateRoot === ZERO_WORD ? state.lastRoot : view.aggregateRoot;
  const equivocations = stillOpen(state.equivocations, members);
  const settled = foldSettled(state, view);
  const seen: PeerState = { ...foldVerdict(state, view), view, members, demands, lastRoot, equivocations, settled };
  const { memory } = state;
  const sameRound = view.round === memory.round && view.seed === memory.seed;
  if (sameRound && view.includeHash === memory.includeHash) return seen;
  const kept = sameRound ? memory : emptyMemory(view.round, view.seed, turnOf(state, view, members));
  return { ...seen, memory: { ...kept, ...emptyJudging(view.includeHash) } };
}

function turnOf({ settings }: PeerState, { seats, seed }: RoundView, members: readonly Member[]): number {
  return turnToWatch(settings.watchSecret, seed, Math.max(0, rosterOf(members).staying - seats.length));
}

/** A round whose end this peer sees, with those who sat in it: from the next view on the chain does not say. */
function foldSettled({ members, settled, view: last }: PeerState, view: RoundView): PeerState["settled"] {
  if (last === undefined || last.seats.length === 0 || last.modelId === view.modelId) return settled;
  if (view.round !== last.round + 1 && !(view.round === last.round && hasEnded(view))) return settled;
  const seats = last.seats.map((memberId) => members[memberId]?.operator ?? ZERO_ADDRESS);
  return { round: last.round, seed: last.seed, modelId: view.modelId, seats, checkpoints: new Map() };
}

function hasEnded({ phase }: RoundView): boolean {
  return phase === "finished" || phase === "failed";
}

/** Once a round is over: whether something else settled than what this peer has computed. */
function foldVerdict(known: PeerState, view: RoundView): PeerState {
  const disputes = known.disputes.filter((one) => one.aggregateRoot !== undefined || isInReach(one, view));
  const state = disputes.length === known.disputes.length ? known : { ...known, disputes };
  const judged = state.judged ?? unjudged(state, view);
  if (judged === undefined || (view.round === judged.round && !hasEnded(view))) return state;
  const over = { ...state, judged: undefined };
  const skipped = view.modelId === judged.modelId;
  // With rounds in between nobody can tell from the model's name: then the chain's log is asked.
  const { aggregateRoot } = judged;
  const agrees = aggregateRoot !== undefined && view.modelId === nextModelId(judged.modelId, aggregateRoot);
  return skipped || agrees ? over : { ...over, disputes: withDispute(state, judged) };
}

/** The last round, where this peer had to look at what was proposed, and the round was faster. */
function unjudged(state: PeerState, view: RoundView): Judged | undefined {
  const { memory, view: last } = state;
  if (last === undefined || last.includedMask === 0n || memory.round !== last.round) return undefined;
  if (memory.aggregateRoot !== undefined || last.modelId === view.modelId) return undefined;
  const watches = ownSeat(state) >= 0 || memberIdOf(state) < 0 || memory.turnToWatch === 0;
  if (!watches || last.round + 1 < view.round) return undefined;
  return { round: last.round, modelId: last.modelId, updates: includedUpdates(last), aggregateRoot: undefined };
}

function isInReach({ round }: Judged, view: RoundView): boolean {
  return round + MAX_LOOK_BACK >= view.round;
}

function withDispute({ disputes }: PeerState, judged: Judged): readonly Judged[] {
  return [...disputes.filter(({ round }) => round !== judged.round), judged].slice(-MAX_DISPUTES);
}

function stillOpen(evidence: PeerState["equivocations"], members: readonly Member[]): PeerState["equivocations"] {
  if (evidence.size === 0) return evidence;
  return new Map(
    [...evidence].filter(([memberId, { operator }]) => {
      const member = members[memberId];
      return member?.operator === operator && !member.ejected;
    }),
  );
}
