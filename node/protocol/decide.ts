import type { RoundView } from "../core/roundView.ts";
import { phaseEnd, reaches } from "./completion.ts";
import { decideCheckpoint } from "./deciding/checkpoints.ts";
import { decideCommit } from "./deciding/committing.ts";
import { decideEvidence } from "./deciding/evidence.ts";
import { decideJudging } from "./deciding/judging.ts";
import { decideReturn } from "./deciding/membership.ts";
import { decideProposal } from "./deciding/proposing.ts";
import { decideScoring } from "./deciding/scoring.ts";
import { decideSharing } from "./deciding/sharing.ts";
import { watch } from "./deciding/watching.ts";
import type { Intent } from "./plan.ts";
import { relayRank, takesPart } from "./places.ts";
import type { PeerState } from "./state.ts";

/**
 * Everything this peer wants done, given what it knows. Pure, and the same answer however often it is asked. Wishes of a
 * round carry its number in their keys: what still runs of the last round is not taken for them, and its end is not theirs.
 */
export function decide(state: PeerState, now: number): Intent[] {
  const { view } = state;
  if (view === undefined) return [];
  const lasting = [...decideModel(state, view), ...decideCheckpoint(state)];
  const isOutside = !takesPart(state, view);
  if (isOutside) return [...lasting, ...decideEvidence(state, view), ...ofRound(view, decideWatch(state, view, now))];
  const wishes = [...decidePhase(state, view, now), ...decideReturn(state, view), ...decideAdvance(state, view)];
  return [...lasting, ...decideEvidence(state, view), ...ofRound(view, wishes)];
}

const ofRound = ({ round }: RoundView, wishes: readonly Intent[]): Intent[] =>
  wishes.map((wish) => ({ ...wish, key: `${round}:${wish.key}` }));

/** Keep the params in step with the chain. */
function decideModel(state: PeerState, view: RoundView): Intent[] {
  if (view.modelId === state.modelId) return [];
  return [{ key: `sync:${view.modelId}`, effect: { type: "sync", modelId: view.modelId, lastRoot: state.lastRoot } }];
}

/** Who has no part in the job looks at what is proposed, and nothing else. */
function decideWatch(state: PeerState, view: RoundView, now: number): Intent[] {
  if (view.phase === "propose") return watch(state, view);
  return view.phase === "challenge" ? decideJudging(state, view, now) : [];
}

function decidePhase(state: PeerState, view: RoundView, now: number): Intent[] {
  switch (view.phase) {
    case "commit":
      return decideCommit(state, view, now);
    case "share":
      return decideSharing(state, view, now);
    case "propose":
      return [...decideProposal(state, view), ...decideScoring(state, view), ...watch(state, view)];
    case "challenge":
      return [...decideJudging(state, view, now), ...decideScoring(state, view)];
    case "score":
      return decideScoring(state, view);
    default:
      return [];
  }
}

/** Move the round on as soon as the contract allows: the first seat at once, every further rank a little later. */
function decideAdvance(state: PeerState, view: RoundView): Intent[] {
  const { at, block } = phaseEnd(view, state.settings.terms, state.members, state.demands);
  if (at === Infinity || !reaches(view, block)) return [];
  const wait = relayRank(state, view) * state.settings.relaySeconds;
  const effect = { type: "advance", round: view.round, phase: view.phase } as const;
  const key = `advance:${view.phase}:${view.phaseStartBlock}`;
  return at === -Infinity ? [{ key: `${key}:complete`, effect, delay: wait }] : [{ key, effect, notBefore: at + wait }];
}
