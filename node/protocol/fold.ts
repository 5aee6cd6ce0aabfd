import { ZERO_WORD } from "../core/bytes.ts";
import { nextModelId } from "../core/encoding.ts";
import { includedUpdates, type Member, type RoundView } from "../core/roundView.ts";
import type { PeerEvent } from "./events.ts";
import { foldMessage } from "./foldMessage.ts";
import { emptyJudging, emptyMemory, MAX_DISPUTES, type Judged, type PeerState, type RoundMemory } from "./state.ts";

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
      return withMemory(state, event.round, { unavailable: new Set(memory.unavailable).add(event.root) });
    case "scored":
      return memory.scores === undefined && memory.includeHash === event.scores.includeHash
        ? withMemory(state, event.round, { scores: event.scores })
        : state;
    case "judged":
      return { ...state, disputes: withDispute(state, event.judged) };
    case "audited":
      return { ...state, disputes: state.disputes.filter(({ round }) => round !== event.round) };
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
  const seen = { ...foldVerdict(state, view), view, members, demands, lastRoot, equivocations };
  const { memory } = state;
  const sameRound = view.round === memory.round && view.seed === memory.seed;
  if (sameRound && view.includeHash === memory.includeHash) return seen;
  const kept = sameRound ? memory : emptyMemory(view.round, view.seed);
  return { ...seen, memory: { ...kept, ...emptyJudging(view.includeHash) } };
}

/** Once a round is over: whether something else settled than what this peer has computed. */
function foldVerdict(state: PeerState, view: RoundView): PeerState {
  const { judged } = state;
  const ended = view.phase === "finished" || view.phase === "failed";
  if (judged === undefined || (view.round === judged.round && !ended)) return state;
  const over = { ...state, judged: undefined };
  const skipped = view.modelId === judged.modelId;
  // With rounds in between nobody can tell from the model's name: then the chain's log is asked.
  const agrees = view.modelId === nextModelId(judged.modelId, judged.aggregateRoot);
  return skipped || agrees ? over : { ...over, disputes: withDispute(state, judged) };
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
