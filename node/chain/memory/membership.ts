import { revert, type Block } from "./block.ts";
import { hasEnded, type JobState } from "./jobState.ts";
import { PHASES } from "../../core/roundView.ts";

/** `contracts/job/Membership.sol`: who takes part. During a round, changes wait until its commits close. */

const MAX_MEMBERS = 65_535;
const CHANGES_A_ROUND = 64;

/** @returns the new member's id */
export function join(job: JobState, { sender }: Block): number {
  if (hasEnded(job.phase)) revert("WrongPhase", PHASES.indexOf(job.phase));
  const operator = job.registry.operatorOf(sender);
  if (operator === undefined) revert("NotRegistered", sender);
  if (job.members.some(({ wallet }) => wallet === sender)) revert("AlreadyMember", sender);
  const memberId = job.members.length;
  if (memberId === MAX_MEMBERS) revert("JobFull", memberId);
  job.ledgers.lock(job.domain.job, sender, job.terms.stake);
  job.members.push({ operator, wallet: sender, trailingScore: 0, barred: false, active: true, gone: false });
  if (job.phase === "joining") addCandidate(job, memberId);
  else job.queue.push({ kind: "join", memberId });
  return memberId;
}

export function leave(job: JobState, block: Block): void {
  const memberId = job.members.findIndex(({ wallet }) => wallet === block.sender);
  const member = job.members[memberId];
  const atOnce = job.phase === "joining" || hasEnded(job.phase);
  if (member === undefined || member.gone || (!member.active && !atOnce)) revert("NotAMember", block.sender);
  member.active = false;
  if (atOnce) removeMember(job, memberId, block);
  else job.queue.push({ kind: "leave", memberId });
}

/** Never drawn for the committee again, from the next snapshot on. */
export function bar(job: JobState, memberId: number): void {
  const member = job.members[memberId]!;
  if (member.barred) return;
  member.barred = true;
  job.queue.push({ kind: "bar", memberId });
}

/** Applies what has waited, oldest first. */
export function applyQueue(job: JobState, block: Block): void {
  for (const { kind, memberId } of job.queue.splice(0, CHANGES_A_ROUND)) {
    if (kind === "join") addCandidate(job, memberId);
    else if (kind === "leave") removeMember(job, memberId, block);
    else barCandidate(job, memberId);
  }
}

function removeMember(job: JobState, memberId: number, block: Block): void {
  const member = job.members[memberId]!;
  removeCandidate(job, memberId);
  member.gone = true;
  job.ledgers.unbond(job.domain.job, member.wallet, block.time + job.terms.unbondSeconds);
}

/** The order of the candidates decides the draws, so it moves exactly as in the contract. */
function addCandidate(job: JobState, memberId: number): void {
  const { candidates } = job;
  const firstBarred = candidates[job.eligible];
  if (firstBarred !== undefined) candidates.push(firstBarred);
  candidates[job.eligible++] = memberId;
}

function removeCandidate(job: JobState, memberId: number): void {
  const { candidates } = job;
  let hole = candidates.indexOf(memberId);
  if (hole < 0) return;
  if (hole < job.eligible) {
    job.eligible--;
    candidates[hole] = candidates[job.eligible]!;
    hole = job.eligible;
  }
  const last = candidates.pop()!;
  if (hole < candidates.length) candidates[hole] = last;
}

function barCandidate(job: JobState, memberId: number): void {
  const { candidates } = job;
  const place = candidates.indexOf(memberId);
  if (place < 0) return;
  job.eligible--;
  candidates[place] = candidates[job.eligible]!;
  candidates[job.eligible] = memberId;
}
