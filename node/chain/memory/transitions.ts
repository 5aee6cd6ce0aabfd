import { fullMask, PHASES, popCount, quorumOf, type Phase } from "../../core/roundView.ts";
import { revert, type Block } from "./block.ts";
import { go, nextRound, requireOver, skip } from "./clockwork.ts";
import { advanceEntrance } from "./entrance.ts";
import { certified, fixIncludeSet } from "./includeSet.ts";
import { wrongPhase, type JobState } from "./jobStorage.ts";
import { settle } from "./settlement.ts";
import { missSeats, nextSlot } from "./slashing.ts";

/** `contracts/job/Transitions.sol`: the transitions from Share on, behind `advance()` and completing postings. */

export function advance(job: JobState, block: Block): void {
  const isEarly = PHASES.indexOf(job.phase) < PHASES.indexOf("share");
  if (isEarly || (job.phase === "challenge" && job.openDemands > 0)) advanceEntrance(job, block);
  else go(job, block, close(job, block));
}

function close(job: JobState, block: Block): Phase {
  switch (job.phase) {
    case "share":
      return closeShare(job, block);
    case "propose":
      return closeSlots(job, block);
    case "challenge":
      return closeChallenge(job, block);
    case "score":
      return closeScores(job, block);
    default:
      return wrongPhase(job);
  }
}

/** A posting that has completed the phase ends it. */
export function goIfShared(job: JobState, block: Block): void {
  if (isShared(job)) go(job, block, closeShare(job, block));
}

export function goIfJudged(job: JobState, block: Block): void {
  if (!isJudged(job) || job.openDemands > 0) return;
  if (block.time < job.windowEnd || block.number < job.windowEndBlock) return;
  go(job, block, closeChallenge(job, block));
}

export function goIfScored(job: JobState, block: Block): void {
  if (unopened(job) === 0n) go(job, block, closeScores(job, block));
}

function closeShare(job: JobState, block: Block): Phase {
  requireOver(job, block, job.terms.shareSeconds, isShared(job));
  return fixIncludeSet(job, block) && isQuorum(job, job.live) ? "propose" : skip(job);
}

function isShared(job: JobState): boolean {
  return job.opened === job.committed && certified(job) === job.committed;
}

/** No slot is left: nobody proposed, or all that did were proven wrong. Or too few seats are left to settle. */
function closeSlots(job: JobState, block: Block): Phase {
  const left = job.live & ~fullMask(job.firstSlot);
  const turns = popCount(left);
  const canSettle = isQuorum(job, job.live);
  requireOver(job, block, turns * job.terms.slotSeconds, turns === 0 || !canSettle, turns);
  if (canSettle) missSeats(job, left);
  return skip(job);
}

/** An aggregate that no quorum vouches for does not settle. */
function closeChallenge(job: JobState, block: Block): Phase {
  const { attested, live, terms } = job;
  requireWindowOver(job, block);
  const quorum = isQuorum(job, attested & live);
  const seconds = quorum ? Math.min(terms.demandSeconds, terms.challengeSeconds) : terms.challengeSeconds;
  requireOver(job, block, seconds, isJudged(job));
  if (!quorum) {
    nextSlot(job);
    return "propose";
  }
  job.keepers[3] = block.sender;
  return "score";
}

/** All live seats have attested and committed their scores, and they are a quorum. */
function isJudged(job: JobState): boolean {
  const { attested, scoreCommitted, live } = job;
  return (attested & scoreCommitted & live) === live && isQuorum(job, live);
}

/** Of all seats that were drawn, dead ones included. */
function isQuorum({ seats }: JobState, mask: bigint): boolean {
  return popCount(mask) >= quorumOf(seats.length);
}

/** Answered demands keep the window open, in seconds and in blocks. */
function requireWindowOver({ phase, windowEnd, windowEndBlock }: JobState, block: Block): void {
  const [secondsLeft, blocksLeft] = [Math.max(0, windowEnd - block.time), Math.max(0, windowEndBlock - block.number)];
  if (secondsLeft + blocksLeft > 0) revert("NotYet", PHASES.indexOf(phase), secondsLeft, blocksLeft);
}

function closeScores(job: JobState, block: Block): Phase {
  const missing = unopened(job);
  requireOver(job, block, job.terms.scoreSeconds, missing === 0n);
  missSeats(job, missing);
  settle(job, block);
  return nextRound(job);
}

function unopened({ scoreCommitted, live, scoreOpened }: JobState): bigint {
  return scoreCommitted & live & ~scoreOpened;
}
