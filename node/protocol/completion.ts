import type { JobTerms } from "../core/jobTerms.ts";
import { certifiedMask, fullMask, popCount, quorumOf, type Member, type RoundView } from "../core/roundView.ts";

/**
 * When the contract lets a phase end: at once where it is complete, otherwise at a time. The same rules as
 * `contracts/job/`, so that nobody pays for an `advance()` that must revert.
 */

/** Whether a block that came now would be late enough for a phase that is not complete. */
export function blocksAreOver(view: RoundView, terms: JobTerms): boolean {
  return view.blockNumber + 1 >= view.phaseStartBlock + terms.phaseBlocks;
}

/** The time at which `advance()` may be called; −Infinity for at once, Infinity where only an event can end the phase. */
export function endsAt(view: RoundView, terms: JobTerms, members: readonly Member[]): number {
  switch (view.phase) {
    case "joining":
      return members.filter((member) => member.active).length >= terms.startMembers
        ? -Infinity
        : view.phaseStart + terms.joinSeconds;
    case "draw":
      return -Infinity;
    case "commit":
      return view.committedMask === fullMask(view.cohort.length) ? -Infinity : view.phaseStart + terms.commitSeconds;
    case "share":
      return shareIsComplete(view) ? -Infinity : view.phaseStart + terms.shareSeconds;
    case "propose":
      return slotsEndAt(view, terms);
    case "challenge":
      return challengeEndsAt(view, terms);
    case "score":
      return scoreIsComplete(view) ? -Infinity : view.phaseStart + terms.scoreSeconds;
    case "finished":
    case "failed":
      return Infinity;
  }
}

function shareIsComplete(view: RoundView): boolean {
  return (
    view.openedMask === view.committedMask &&
    (certifiedMask(view, view.bitmaps) & view.committedMask) === view.committedMask
  );
}

/** At once where every seat that is left was proven at fault. */
function slotsEndAt(view: RoundView, terms: JobTerms): number {
  if (view.liveSeats >> BigInt(view.firstSlot) === 0n) return -Infinity;
  return view.phaseStart + (view.seats.length - view.firstSlot) * terms.slotSeconds;
}

function challengeEndsAt(view: RoundView, terms: JobTerms): number {
  const live = view.liveSeats;
  if ((view.attestedMask & live) === live && (view.scoreCommittedMask & live) === live) return -Infinity;
  const quorum = popCount(view.attestedMask & live) >= quorumOf(view.seats.length);
  return view.phaseStart + Math.min(terms.challengeSeconds, quorum ? terms.attestSeconds : Infinity);
}

function scoreIsComplete(view: RoundView): boolean {
  const committed = view.scoreCommittedMask & view.liveSeats;
  return (view.scoreOpenedMask & committed) === committed;
}
