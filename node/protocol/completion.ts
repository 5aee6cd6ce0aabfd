import type { JobTerms } from "../core/jobTerms.ts";
import { certifiedMask, fullMask, popCount, quorumOf, type Member, type RoundView } from "../core/roundView.ts";
import { rosterOf } from "./roster.ts";
import type { Demand, PeerState } from "./state.ts";

/**
 * When the contract lets a phase end: at once where it is complete, otherwise at a time. The same rules as
 * `contracts/job/`, so that nobody pays for an `advance()` that must revert.
 */

/** What must be over before `advance()` succeeds. */
export interface PhaseEnd {
  /** Seconds; −Infinity for at once, Infinity where only an event can end the phase. */
  readonly at: number;
  /** The first block that may end it. */
  readonly block: number;
}

const AT_ONCE: PhaseEnd = { at: -Infinity, block: 0 };
const NEVER: PhaseEnd = { at: Infinity, block: 0 };
/** With fewer candidates nobody is drawn. */
export const MIN_COHORT = 3;

/** How long after a phase could end it may go on, in seconds, until somebody has ended it: its postings are of use as long. */
const LATE_SECONDS = 60;

/** When nobody wants any more what the phase asks to be posted, in seconds. A peer that cannot reach the chain hears of no other phase. */
export function postingDeadline({ view, members, demands, settings }: PeerState, now: number): number {
  const at = view === undefined ? now : phaseEnd(view, settings.terms, members, demands).at;
  return Math.max(at, now) + LATE_SECONDS;
}

/** Whether a transaction that is sent now comes into `block` or a later one. */
export function reaches(view: RoundView, block: number): boolean {
  return view.blockNumber + 1 >= block;
}

/** @param demands that wait for an answer */
export function phaseEnd(
  view: RoundView,
  terms: JobTerms,
  members: readonly Member[],
  demands: readonly Demand[],
): PhaseEnd {
  const after = (seconds: number): PhaseEnd => turnsEnd(view, terms, seconds, 1);
  switch (view.phase) {
    case "joining":
      return rosterOf(members).candidates.length >= terms.startMembers ? AT_ONCE : after(terms.joinSeconds);
    case "draw":
      return canDraw(members) ? AT_ONCE : after(terms.joinSeconds);
    case "commit":
      return view.committedMask === fullMask(view.cohort.length) ? AT_ONCE : after(terms.commitSeconds);
    case "share":
      return shareIsComplete(view) ? AT_ONCE : after(terms.shareSeconds);
    case "propose":
      return slotsEnd(view, terms);
    case "challenge":
      return view.openDemands > 0 ? overdueAt(view, terms, demands) : challengeEnd(view, terms);
    case "score":
      return scoreIsComplete(view) ? AT_ONCE : after(terms.scoreSeconds);
    case "finished":
    case "failed":
      return NEVER;
  }
}

/** A draw that lacks candidates lets in who waits: newcomers, and those who were brought back. */
function canDraw(members: readonly Member[]): boolean {
  const { candidates, staying } = rosterOf(members);
  return candidates.length >= MIN_COHORT || staying >= MIN_COHORT;
}

function shareIsComplete(view: RoundView): boolean {
  return view.openedMask === view.committedMask && (certifiedOnChain(view) & view.committedMask) === view.committedMask;
}

const certified = new WeakMap<RoundView, bigint>();

/** Positions whose bit stands in a quorum of the bitmaps that were posted; counted once a view. */
export function certifiedOnChain(view: RoundView): bigint {
  const known = certified.get(view) ?? certifiedMask(view, view.bitmaps);
  certified.set(view, known);
  return known;
}

/** Seats that still have a turn to propose, before `end` if given. Dead ones have none. */
export function slotsLeft(view: RoundView, end = view.seats.length): number {
  return popCount(view.liveSeats & fullMask(end) & ~fullMask(view.firstSlot));
}

/** Whether the seats of a mask could settle a round: two thirds of all that were drawn, dead ones included. */
export function isQuorum(view: RoundView, seats: bigint): boolean {
  return popCount(seats) >= quorumOf(view.seats.length);
}

/** At once where nobody has a turn left, or too few are left to settle anything. */
function slotsEnd(view: RoundView, terms: JobTerms): PhaseEnd {
  const turns = slotsLeft(view);
  if (turns === 0 || !isQuorum(view, view.liveSeats)) return AT_ONCE;
  return turnsEnd(view, terms, turns * terms.slotSeconds, turns);
}

function turnsEnd(view: RoundView, terms: JobTerms, seconds: number, turns: number): PhaseEnd {
  return { at: view.phaseStart + seconds, block: view.phaseStartBlock + turns * terms.phaseBlocks };
}

/**
 * The first demand that nobody will have answered: a block that counts is later than its deadline. The deadline's block is
 * not known, but the demand came after the proposal.
 */
function overdueAt(view: RoundView, terms: JobTerms, demands: readonly Demand[]): PhaseEnd {
  const deadline = Math.min(...demands.map((demand) => demand.deadline));
  return { at: deadline + 1, block: view.phaseStartBlock + terms.phaseBlocks + 2 };
}

/** Answered demands keep the window open, whatever else is there. */
function challengeEnd(view: RoundView, terms: JobTerms): PhaseEnd {
  const { liveSeats: live, windowEnd, windowEndBlock } = view;
  const judged = (view.attestedMask & view.scoreCommittedMask & live) === live && isQuorum(view, live);
  if (judged) return { at: windowEnd > view.blockTime ? windowEnd : -Infinity, block: windowEndBlock };
  const quorum = isQuorum(view, view.attestedMask & live);
  const seconds = quorum ? Math.min(terms.demandSeconds, terms.challengeSeconds) : terms.challengeSeconds;
  const { at, block } = turnsEnd(view, terms, seconds, 1);
  return { at: Math.max(at, windowEnd), block: Math.max(block, windowEndBlock) };
}

function scoreIsComplete(view: RoundView): boolean {
  const committed = view.scoreCommittedMask & view.liveSeats;
  return (view.scoreOpenedMask & committed) === committed;
}
