import { bitsOf, hasBit, includedUpdates, popCount, positionOf, type RoundView } from "../../core/roundView.ts";
import type { Intent } from "../plan.ts";
import { memberIdOf, ownSeat, relayRank } from "../places.ts";
import type { PeerState } from "../state.ts";
import { missingUpdates } from "./proposing.ts";

/** Part of the phase after which the vectors that are there are posted. */
const PARTIAL = 0.4;
/** Part of the phase after which a seat opens its own vector itself. */
const SELF_RESCUE = 0.7;
/** Turns that the relays get after they have passed it over. */
const RELAY_TURNS = 2;

/** Score while the window is open, commit to it, and open it when no further commit can follow. */
export function decideScoring(state: PeerState, view: RoundView): Intent[] {
  const seat = ownSeat(state);
  if (view.phase === "score") return [...publishOpening(state, view, seat), ...post(state, view, seat)];
  if (seat < 0 || !hasBit(view.liveSeats, seat) || hasBit(view.scoreCommittedMask, seat)) return [];
  return state.memory.scores === undefined ? score(state, view) : publishCommit(state, view);
}

function score(state: PeerState, view: RoundView): Intent[] {
  if (state.modelId !== view.modelId) return [];
  const missing = missingUpdates(state, view);
  if (missing.length > 0) return missing;
  const { round, seed, includeHash } = view;
  const scorer = memberIdOf(state);
  const index = bitsOf(view.includedMask).indexOf(positionOf(view, scorer));
  const [own, updates] = [index < 0 ? undefined : index, includedUpdates(view)];
  const effect = { type: "score", round, seed, scorer, includeHash, updates, own } as const;
  return [{ key: `score:${includeHash}`, effect }];
}

function publishCommit(state: PeerState, view: RoundView): Intent[] {
  const { scores } = state.memory;
  if (scores === undefined) return [];
  const { includeHash, commitment } = scores;
  const body = { type: "ScoreCommit", round: view.round, seed: view.seed, includeHash, commitment } as const;
  return [
    {
      key: `publish:scoreCommit:${includeHash}`,
      effect: { type: "publish", body },
      repeat: state.settings.retrySeconds,
    },
  ];
}

function publishOpening(state: PeerState, view: RoundView, seat: number): Intent[] {
  const { scores } = state.memory;
  if (scores === undefined || seat < 0 || !hasBit(view.scoreCommittedMask & ~view.scoreOpenedMask, seat)) return [];
  const { vector, salt } = scores;
  const body = { type: "ScoreOpening", round: view.round, seed: view.seed, seat, vector, salt } as const;
  return [{ key: "publish:scoreOpening", effect: { type: "publish", body }, repeat: state.settings.retrySeconds }];
}

function post(state: PeerState, view: RoundView, seat: number): Intent[] {
  const { memory, settings } = state;
  const wanted = view.scoreCommittedMask & view.liveSeats & ~view.scoreOpenedMask;
  // The contract passes over what does not match its commitment: whoever lies about that has it posted once.
  const openings = [...memory.scoreOpenings.values()].filter(
    ({ seat: one }) => hasBit(wanted, one) && !memory.scoresPosted.has(one),
  );
  if (openings.length === 0) return [];
  const wait = relayRank(state, view) * settings.relaySeconds;
  const effect = { type: "openScores", openings } as const;
  const key = `openScores:${openings.length}:${view.scoreOpenedMask}`;
  if (openings.length === popCount(wanted)) return [{ key: "openScores:complete", effect, delay: wait }];
  const { scoreSeconds } = settings.terms;
  const partial: Intent = { key, effect, delay: wait, notBefore: view.phaseStart + PARTIAL * scoreSeconds + wait };
  const own = openings.filter((opening) => opening.seat === seat);
  if (own.length === 0) return [partial];
  const rescue: Intent = {
    key: "openScores:own",
    effect: { type: "openScores", openings: own },
    notBefore: view.phaseStart + SELF_RESCUE * scoreSeconds,
  };
  if (view.scoreOpenedMask === 0n) return [partial, rescue];
  // Others have posted what they have, and this was not with it: it seems that they do not hear of it.
  const passedOver = {
    key: "openScores:passedOver",
    effect: rescue.effect,
    delay: RELAY_TURNS * settings.relaySeconds,
  };
  return [partial, passedOver, rescue];
}
