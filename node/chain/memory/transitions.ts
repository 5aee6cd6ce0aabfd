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
  if (!isJudged(job) || job.openDemands > 0 || block.time < job.windowEnd) return;
  go(job, block, closeChallenge(job, block));
}

export function goIfScored(job: JobState, block: Block): void {
  if (unopened(job) === 0n) go(job, block, closeScores(job, block));
}

function closeShare(job: JobState, block: Block): Phase {
  requireOver(job, block, job.terms.shareSeconds, isShared(job));
  return fixIncludeSet(job, block) ? "propose" : skip(job);
}

function isShared(job: JobState): boolean {
  return job.opened === job.committed && certified(job) === job.committed;
}

/** No slot is left: nobody proposed, or all that did were proven wrong. */
function closeSlots(job: JobState, block: Block): Phase {
  const left = fullMask(job.seats.length) & ~fullMask(job.firstSlot);
  const slotsLeft = job.seats.length - job.firstSlot;
  requireOver(job, block, slotsLeft * job.terms.slotSeconds, (job.live & left) === 0n, slotsLeft);
  missSeats(job, left);
  return skip(job);
}

/** An aggregate that no quorum vouches for does not settle. */
function closeChallenge(job: JobState, block: Block): Phase {
  const { attested, live, terms, windowEnd } = job;
  if (block.time < windowEnd) revert("NotYet", PHASES.indexOf(job.phase), windowEnd - block.time, 0);
  const complete = isJudged(job);
  const quorum = popCount(attested & live) >= quorumOf(job.seats.length);
  const seconds = quorum ? Math.min(terms.demandSeconds, terms.challengeSeconds) : terms.challengeSeconds;
  requireOver(job, block, seconds, complete);
  if (!complete && !quorum) {
    nextSlot(job);
    return "propose";
  }
  job.keepers[3] = block.sender;
  return "score";
}

/** All live seats have attested and committed their scores. */
function isJudged({ attested, scoreCommitted, live }: JobState): boolean {
  return (attested & scoreCommitted & live) === live;
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
