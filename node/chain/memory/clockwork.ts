import { PHASES, type Phase } from "../../core/roundView.ts";
import { revert, type Block } from "./block.ts";
import { emit, hasEnded, owed, type JobState } from "./jobStorage.ts";
import { enter } from "./slashing.ts";

/** `contracts/job/Clockwork.sol`: when a phase is over, and what comes after a round. */

export function go(job: JobState, block: Block, next: Phase): void {
  enter(job, next, block);
  if (!hasEnded(next)) return;
  const refunded = job.ledgers.refund(job.domain.job, job.sponsor, owed(job));
  emit(job, "JobEnded", { phase: PHASES.indexOf(next), refunded });
}

/** The model stays, and the round's pay moves to the rounds that are left. */
export function skip(job: JobState): Phase {
  emit(job, "RoundSkipped", { round: job.round, phase: PHASES.indexOf(job.phase) });
  job.outcomes.push({ round: job.round, settled: undefined, withheld: job.withheld });
  return nextRound(job);
}

export function nextRound(job: JobState): Phase {
  if (job.round === job.terms.rounds) return "finished";
  job.round++;
  return "draw";
}

/** A phase lasts its seconds and its blocks, unless it is complete. */
export function requireOver(job: JobState, block: Block, seconds: number, complete: boolean, turns = 1): void {
  if (complete) return;
  const secondsLeft = Math.max(0, job.phaseStart + seconds - block.time);
  const blocksLeft = Math.max(0, job.phaseStartBlock + turns * job.terms.phaseBlocks - block.number);
  if (secondsLeft + blocksLeft > 0) revert("NotYet", PHASES.indexOf(job.phase), secondsLeft, blocksLeft);
}
