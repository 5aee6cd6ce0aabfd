import type { Block } from "./block.ts";
import { emit, isDrawn, type JobState } from "./jobStorage.ts";

/** `contracts/job/Roster.sol`: who can be drawn. Changes wait in two queues until the round's commits close. */

export const MIN_COHORT = 3;
const DEPARTURES_A_ROUND = 64;
const ARRIVALS_A_ROUND = 32;
const MAX_DRAW_WEIGHT = 1_000n;

export function candidateCount({ weights }: JobState): number {
  return weights.filter((weight) => weight > 0).length;
}

/** Candidates there would be if the queues were applied. */
export function candidateCountNext(job: JobState): number {
  const served = new Set(servedNext(job));
  return job.weights.filter((weight, id) => (served.has(id) ? weightNow(job, id) : weight) > 0).length;
}

/** A member's draw weight falls to zero with the next snapshot. */
export function enqueueDeparture({ departures }: JobState, memberId: number): void {
  if (!departures.includes(memberId)) departures.push(memberId);
}

/** A member's draw weight is worked out anew at the next snapshot. */
export function enqueueArrival({ arrivals }: JobState, memberId: number): void {
  if (!arrivals.includes(memberId)) arrivals.push(memberId);
}

export function applyQueues(job: JobState, block: Block): void {
  for (const memberId of servedNext(job)) reweigh(job, block, memberId);
  job.departures.splice(0, DEPARTURES_A_ROUND);
  job.arrivals.splice(0, ARRIVALS_A_ROUND);
}

/**
 * Works out a member's draw weight. The stake of one that left or was ejected unbonds from here on, unless it is drawn in the
 * running round: then from when somebody calls `unbond` after it.
 */
export function reweigh(job: JobState, block: Block, memberId: number): void {
  const member = job.members[memberId]!;
  job.weights[memberId] = weightNow(job, memberId);
  if ((member.active && !member.ejected) || member.gone) return;
  member.gone = true;
  if (!isDrawn(job, memberId)) startUnbonding(job, block, memberId);
}

export function startUnbonding({ domain, ledgers, members, terms }: JobState, block: Block, memberId: number): void {
  ledgers.unbond(domain.job, members[memberId]!.wallet, block.time + terms.unbondSeconds);
}

export function eject(job: JobState, memberId: number): void {
  job.members[memberId]!.ejected = true;
  emit(job, "Ejected", { memberId });
  enqueueDeparture(job, memberId);
}

/** Out of the next draws, and then until somebody calls `resume`. */
export function suspend(job: JobState, memberId: number): void {
  const { suspendDraws } = job.terms;
  if (suspendDraws > 0) job.members[memberId]!.suspendedUntil = job.round + 1 + suspendDraws;
  enqueueDeparture(job, memberId); // also without a suspension: its stake fell
}

/** Who goes is served first. */
function servedNext({ departures, arrivals }: JobState): number[] {
  return [...departures.slice(0, DEPARTURES_A_ROUND), ...arrivals.slice(0, ARRIVALS_A_ROUND)];
}

function weightNow({ domain, ledgers, members, terms }: JobState, memberId: number): number {
  const { wallet, active, ejected, suspendedUntil } = members[memberId]!;
  if (!active || ejected || suspendedUntil !== 0) return 0;
  if (!terms.stakeWeighted) return 1;
  const weight = ledgers.stakes.of(domain.job, wallet) / terms.stake;
  if (weight === 0n) return 1; // slashed below the least stake, but not ejected
  return Number(weight > MAX_DRAW_WEIGHT ? MAX_DRAW_WEIGHT : weight);
}
