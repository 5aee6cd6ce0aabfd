import { keccakWords, type Hex } from "../../core/bytes.ts";
import type { RoundView } from "../../core/roundView.ts";
import { isQuorum } from "../completion.ts";
import type { Intent } from "../plan.ts";
import { memberIdOf, ownSeat } from "../places.ts";
import type { PeerState } from "../state.ts";
import { challenge, demandUpdates } from "./challenging.ts";
import { computeAggregate } from "./proposing.ts";

/**
 * Who has no seat watches those who have: recomputes what is proposed, and goes to the court with what is wrong or withheld. One honest
 * watcher is enough, and not a thousand need fetch every update: members draw by lot, each for itself and with a secret of its own, so
 * that a committee that would lie cannot know whom to keep from the data.
 */

/** Of a round's members without a seat, on average. That all of 4 are missing has a chance of 1.8 %; of the wide circle, 10^-14. */
const WATCHERS = 4;
/** How many times as many watch when the committee does not agree in time. */
const WIDE = 8;
/** Part of the window after which they do. */
const LATE = 0.5;

/**
 * @param others members without a seat
 * @returns part of the window from which on a member without a seat watches: 0 for from Propose on, infinite for never
 */
export function turnToWatch(secret: Hex, seed: Hex, others: number): number {
  const lot = Number(BigInt(keccakWords(secret, seed)) >> 224n) / 2 ** 32;
  if (lot * others < WATCHERS) return 0;
  return lot * others < WIDE * WATCHERS ? LATE : Infinity;
}

export function watch(state: PeerState, view: RoundView): Intent[] {
  if (ownSeat(state) >= 0) return [];
  const turn = memberIdOf(state) < 0 ? 0 : state.memory.turnToWatch; // who is no member has nothing else to do
  if (turn === 0) return judge(state, view);
  if (turn === Infinity || view.phase !== "challenge" || isQuorum(view, view.attestedMask & view.liveSeats)) return [];
  const from = view.phaseStart + turn * state.settings.terms.challengeSeconds;
  return judge(state, view).map((wish) => ({ ...wish, notBefore: Math.max(from, wish.notBefore ?? from) }));
}

function judge(state: PeerState, view: RoundView): Intent[] {
  const { aggregateRoot } = state.memory;
  const isProposed = view.phase === "challenge";
  if (aggregateRoot === undefined) {
    return [...computeAggregate(state, view), ...(isProposed ? demandUpdates(state, view) : [])];
  }
  return isProposed && aggregateRoot !== view.aggregateRoot ? challenge(state, view) : [];
}
