import type { Address } from "../../core/bytes.ts";
import { revert, type Block } from "./block.ts";
import {
  emit,
  hasEnded,
  isBetweenRounds,
  isDrawn,
  operatorOf,
  wrongPhase,
  ZERO_ADDRESS,
  type JobState,
} from "./jobStorage.ts";
import { candidateCount, enqueueArrival, enqueueDeparture, MIN_COHORT, reweigh, startUnbonding } from "./roster.ts";

/** `contracts/job/Membership.sol`: who takes part, and what it has earned. */

const MAX_MEMBERS = 65_536;

/** @returns the new member's id */
export function join(job: JobState, block: Block, amount: bigint): number {
  const { domain, members, registry, terms } = job;
  const wallet = block.sender;
  if (hasEnded(job.phase)) wrongPhase(job);
  const operator = registry.operatorOf(wallet);
  if (operator === undefined) revert("MayNotJoin", wallet);
  if (members.some((member) => member.wallet === wallet)) revert("AlreadyMember", wallet);
  const memberId = members.length;
  if (memberId === MAX_MEMBERS) revert("JobFull", memberId);
  if (amount < terms.stake) revert("StakeTooSmall", amount, terms.stake);
  emit(job, "Joined", { memberId, wallet, operator });
  job.ledgers.lock(domain.job, wallet, amount);
  const flags = { active: true, ejected: false, gone: false };
  members.push({ operator, wallet, next: undefined, trailingScore: 0, suspendedUntil: 0, credit: 0n, ...flags });
  job.weights.push(0);
  comeIn(job, block, memberId);
  return memberId;
}

export function addStake(job: JobState, block: Block, amount: bigint): void {
  const memberId = idOf(job, block.sender);
  const { active, ejected, suspendedUntil } = job.members[memberId]!;
  if (hasEnded(job.phase)) wrongPhase(job);
  if (!active || ejected) revert("AlreadyLeft", block.sender);
  if (amount === 0n) revert("StakeTooSmall", 0, 1);
  emit(job, "StakeAdded", { memberId, amount });
  job.ledgers.lock(job.domain.job, block.sender, amount);
  if (suspendedUntil === 0) comeIn(job, block, memberId);
}

export function leaveJob(job: JobState, block: Block): void {
  const memberId = idOf(job, block.sender);
  const member = job.members[memberId]!;
  const atOnce = job.phase === "joining" || hasEnded(job.phase);
  if (member.gone || (!member.active && !atOnce)) revert("AlreadyLeft", block.sender);
  if (member.active) emit(job, "Left", { memberId, wallet: member.wallet });
  member.active = false;
  if (atOnce) reweigh(job, block, memberId);
  else enqueueDeparture(job, memberId);
}

export function unbond(job: JobState, block: Block, memberId: number): void {
  const { gone } = requireMember(job, memberId);
  if (!gone) revert("StillMember", memberId);
  if (isDrawn(job, memberId)) revert("StillDrawn", memberId, job.round);
  startUnbonding(job, block, memberId);
}

export function resume(job: JobState, memberId: number): void {
  const member = requireMember(job, memberId);
  const { suspendedUntil } = member;
  if (suspendedUntil === 0) revert("NotSuspended", memberId);
  const isShort = candidateCount(job) < MIN_COHORT;
  // Not before it has left the draws, either.
  if (!isShort && (job.round < suspendedUntil || job.departures.includes(memberId))) {
    revert("StillSuspended", memberId, suspendedUntil);
  }
  member.suspendedUntil = 0;
  emit(job, "Resumed", { memberId });
  enqueueArrival(job, memberId);
}

export function refreshOperator(job: JobState, memberId: number): void {
  const member = requireMember(job, memberId);
  const latest = job.registry.operatorOf(member.wallet) ?? ZERO_ADDRESS;
  if (latest === (member.next?.operator ?? member.operator)) revert("OperatorUnchanged", memberId, latest);
  member.operator = operatorOf(job, memberId);
  // Nobody signs in Joining and Draw: there the change is for this round.
  const fromRound = isBetweenRounds(job) ? job.round : job.round + 1;
  member.next = { operator: latest, fromRound };
  emit(job, "OperatorChanged", { memberId, operator: latest, fromRound });
}

export function claim(job: JobState, memberId: number): bigint {
  const member = requireMember(job, memberId);
  const amount = member.credit;
  if (amount === 0n) revert("NoCredit", memberId);
  member.credit = 0n;
  emit(job, "CreditClaimed", { memberId, wallet: member.wallet, amount });
  job.ledgers.payOut(job.domain.job, member.wallet, amount);
  return amount;
}

/** Into the draws: before the start at once, later with the next snapshot. */
function comeIn(job: JobState, block: Block, memberId: number): void {
  if (job.phase === "joining") reweigh(job, block, memberId);
  else enqueueArrival(job, memberId);
}

function idOf({ members }: JobState, wallet: Address): number {
  const memberId = members.findIndex((member) => member.wallet === wallet);
  return memberId < 0 ? revert("NotAMember", wallet) : memberId;
}

function requireMember({ members }: JobState, memberId: number): JobState["members"][number] {
  return members[memberId] ?? revert("NoSuchMember", memberId, members.length);
}
