import type { JobTerms } from "../core/jobTerms.ts";
import { certifiedMask, fullMask, popCount, quorumOf, type Member, type RoundView } from "../core/roundView.ts";
import type { Demand } from "./state.ts";

/**
 * When the contract lets a phase end: at once where it is complete, otherwise at a time. The same rules as
 * `contracts/job/`, so that nobody pays for an `advance()` that must revert.
 */

/** What must be over before `advance()` succeeds. */
export interface PhaseEnd {
  /** Seconds; −Infinity for at once, Infinity where only an event can end the phase. */
  readonly at: number;
  /** Blocks since the phase began. */
  readonly blocks: number;
}

const AT_ONCE: PhaseEnd = { at: -Infinity, blocks: 0 };
const NEVER: PhaseEnd = { at: Infinity, blocks: 0 };
/** With fewer candidates nobody is drawn. */
export const MIN_COHORT = 3;

/** Whether a block that came now would be late enough. */
export function blocksAreOver(view: RoundView, blocks: number): boolean {
  return view.blockNumber + 1 >= view.phaseStartBlock + blocks;
}

/** @param demands that wait for an answer */
export function phaseEnd(
  view: RoundView,
  terms: JobTerms,
  members: readonly Member[],
  demands: readonly Demand[],
): PhaseEnd {
  const after = (seconds: number): PhaseEnd => ({ at: view.phaseStart + seconds, blocks: terms.phaseBlocks });
  switch (view.phase) {
    case "joining":
      return candidatesOf(members).length >= terms.startMembers ? AT_ONCE : after(terms.joinSeconds);
    case "draw":
      return canDraw(members) ? AT_ONCE : after(terms.joinSeconds);
    case "commit":
      return view.committedMask === fullMask(view.cohort.length) ? AT_ONCE : after(terms.commitSeconds);
    case "share":
      return shareIsComplete(view) ? AT_ONCE : after(terms.shareSeconds);
    case "propose":
      return slotsEnd(view, terms);
    case "challenge":
      return view.openDemands > 0 ? overdueAt(demands) : challengeEnd(view, terms);
    case "score":
      return scoreIsComplete(view) ? AT_ONCE : after(terms.scoreSeconds);
    case "finished":
    case "failed":
      return NEVER;
  }
}

/** Ids of the members that the next draw is from, as far as it is known. */
export function candidatesOf(members: readonly Member[]): number[] {
  return members.flatMap(({ weight }, memberId) => (weight > 0 ? [memberId] : []));
}

/** A draw that lacks candidates lets in who waits: newcomers, and those who were brought back. */
function canDraw(members: readonly Member[]): boolean {
  if (candidatesOf(members).length >= MIN_COHORT) return true;
  const stay = members.filter(({ active, ejected, suspendedUntil }) => active && !ejected && suspendedUntil === 0);
  return stay.length >= MIN_COHORT;
}

function shareIsComplete(view: RoundView): boolean {
  return (
    view.openedMask === view.committedMask &&
    (certifiedMask(view, view.bitmaps) & view.committedMask) === view.committedMask
  );
}

/** At once where every seat that is left was proven at fault. */
function slotsEnd(view: RoundView, terms: JobTerms): PhaseEnd {
  if (view.liveSeats >> BigInt(view.firstSlot) === 0n) return AT_ONCE;
  const turns = view.seats.length - view.firstSlot;
  return { at: view.phaseStart + turns * terms.slotSeconds, blocks: turns * terms.phaseBlocks };
}

/** The first demand that nobody will have answered: a block that counts is later than its deadline. */
function overdueAt(demands: readonly Demand[]): PhaseEnd {
  return { at: Math.min(...demands.map(({ deadline }) => deadline)) + 1, blocks: 0 };
}

function challengeEnd(view: RoundView, terms: JobTerms): PhaseEnd {
  const live = view.liveSeats;
  if ((view.attestedMask & view.scoreCommittedMask & live) === live) {
    return { at: view.windowEnd > view.blockTime ? view.windowEnd : -Infinity, blocks: 0 };
  }
  const quorum = popCount(view.attestedMask & live) >= quorumOf(view.seats.length);
  const seconds = quorum ? Math.min(terms.demandSeconds, terms.challengeSeconds) : terms.challengeSeconds;
  return { at: Math.max(view.phaseStart + seconds, view.windowEnd), blocks: terms.phaseBlocks };
}

function scoreIsComplete(view: RoundView): boolean {
  const committed = view.scoreCommittedMask & view.liveSeats;
  return (view.scoreOpenedMask & committed) === committed;
}
