import { hasBit, positionOf, type RoundView } from "../core/roundView.ts";
import { blocksAreOver, endsAt } from "./completion.ts";
import { decideJudging, decideProposal } from "./deciding/judging.ts";
import { decideScoring } from "./deciding/scoring.ts";
import { decideSharing } from "./deciding/sharing.ts";
import type { Intent } from "./plan.ts";
import { memberIdOf, relayRank, takesPart } from "./places.ts";
import type { PeerState } from "./state.ts";

/**
 * Everything this peer wants done, given what it knows. Pure, and the same answer however often it is asked. Wishes of a
 * round carry its number in their keys: what still runs of the last round is not taken for them, and its end is not theirs.
 */
export function decide(state: PeerState, now: number): Intent[] {
  const { view } = state;
  if (view === undefined) return [];
  if (!takesPart(state, view)) return decideModel(state, view);
  const wishes = [...decidePhase(state, view, now), ...decideAdvance(state, view)];
  return [...decideModel(state, view), ...wishes.map((wish) => ({ ...wish, key: `${view.round}:${wish.key}` }))];
}

/** Keep the params in step with the chain. */
function decideModel(state: PeerState, view: RoundView): Intent[] {
  if (view.modelId === state.modelId) return [];
  return [{ key: `sync:${view.modelId}`, effect: { type: "sync", modelId: view.modelId, lastRoot: state.lastRoot } }];
}

function decidePhase(state: PeerState, view: RoundView, now: number): Intent[] {
  switch (view.phase) {
    case "commit":
      return decideCommit(state, view);
    case "share":
      return decideSharing(state, view, now);
    case "propose":
      return [...decideProposal(state, view), ...decideScoring(state, view)];
    case "challenge":
      return [...decideJudging(state, view), ...decideScoring(state, view)];
    case "score":
      return decideScoring(state, view);
    default:
      return [];
  }
}

/** Train once on the global model of the round, then commit. */
function decideCommit(state: PeerState, view: RoundView): Intent[] {
  const position = positionOf(view, memberIdOf(state));
  if (position < 0 || hasBit(view.committedMask, position) || state.modelId !== view.modelId) return [];
  const { round } = view;
  const { update } = state.memory;
  if (update === undefined) return [{ key: "train", effect: { type: "train", round, modelId: view.modelId } }];
  return [{ key: "commit", effect: { type: "commit", round, position, commitment: update.commitment } }];
}

/** Move the round on as soon as the contract allows: the first seat at once, every further rank a little later. */
function decideAdvance(state: PeerState, view: RoundView): Intent[] {
  const time = endsAt(view, state.settings.terms, state.members);
  if (time === Infinity || (time !== -Infinity && !blocksAreOver(view, state.settings.terms))) return [];
  const wait = relayRank(state, view) * state.settings.relaySeconds;
  const effect = { type: "advance", round: view.round, phase: view.phase } as const;
  const key = `advance:${view.phase}:${view.phaseStartBlock}`;
  return time === -Infinity
    ? [{ key: `${key}:complete`, effect, delay: wait }]
    : [{ key, effect, notBefore: time + wait }];
}
