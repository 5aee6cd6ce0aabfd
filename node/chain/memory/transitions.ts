import { ZERO_WORD } from "../../core/bytes.ts";
import { bitsOf, fullMask, PHASES, popCount, quorumOf, type Phase } from "../../core/roundView.ts";
import { COHORT_TAG, COMMITTEE_TAG, draw, nextSeed } from "../../core/sortition.ts";
import { revert, type Block } from "./block.ts";
import { certified, hashOfIncluded, includedMask } from "./includeSet.ts";
import { enter, hasEnded, type JobState } from "./jobState.ts";
import { miss, missSeats, nextSlot } from "./judging.ts";
import { applyQueue } from "./membership.ts";
import { settle } from "./settlement.ts";

/** `contracts/job/Transitions.sol`: one function a phase, all behind `advance()`. */

const MIN_COHORT = 3;
const MIN_SEATS = 2;

export function advance(job: JobState, block: Block): void {
  enter(job, close(job, block), block);
  if (hasEnded(job.phase)) job.ledgers.refund(job.domain.job);
}

function close(job: JobState, block: Block): Phase {
  switch (job.phase) {
    case "joining":
      return start(job, block);
    case "draw":
      return drawRound(job, block);
    case "commit":
      return closeCommits(job, block);
    case "share":
      return closeShare(job, block);
    case "propose":
      return closeSlots(job, block);
    case "challenge":
      return closeChallenge(job, block);
    case "score":
      return closeScores(job, block);
    default:
      return revert("WrongPhase", PHASES.indexOf(job.phase));
  }
}

function start(job: JobState, block: Block): Phase {
  const { candidates, terms } = job;
  if (candidates.length < terms.startMembers) {
    requireOver(job, block, terms.joinSeconds, false);
    if (candidates.length < MIN_COHORT) return "failed";
  }
  job.entropyBlock = block.number;
  job.round = 1;
  return "draw";
}

function drawRound(job: JobState, block: Block): Phase {
  const { candidates, eligible, terms } = job;
  if (block.number <= job.entropyBlock)
    revert("NotYet", PHASES.indexOf("draw"), 0, job.entropyBlock + 1 - block.number);
  if (candidates.length < MIN_COHORT || eligible < MIN_SEATS) return "finished";
  const entropy = job.entropy ?? block.hashOf(job.entropyBlock) ?? ZERO_WORD;
  job.seed = nextSeed(job.seed, job.saltSum, entropy);
  job.saltSum = 0n;
  job.cohort = drawCohort(job);
  const seats = Math.min(eligible, terms.committeeSize);
  job.seats = draw(job.seed, COMMITTEE_TAG, eligible, seats).map((place) => candidates[place]!);
  job.committed = job.opened = job.included = job.attested = job.scoreCommitted = job.scoreOpened = 0n;
  job.live = fullMask(seats);
  job.firstSlot = job.slot = 0;
  for (const map of [job.commits, job.bitmaps, job.scoreCommits, job.vectors]) map.clear();
  job.keepers[0] = block.sender;
  return "commit";
}

function drawCohort({ candidates, seed, terms }: JobState): number[] {
  const everybody = candidates.length <= terms.cohortSize;
  const ids = everybody
    ? [...candidates]
    : draw(seed, COHORT_TAG, candidates.length, terms.cohortSize).map((place) => candidates[place]!);
  return ids.sort((a, b) => a - b);
}

/** Also the snapshot for the next draw, and its entropy block. */
function closeCommits(job: JobState, block: Block): Phase {
  requireOver(job, block, job.terms.commitSeconds, job.committed === fullMask(job.cohort.length));
  applyQueue(job, block);
  job.entropyBlock = block.number;
  job.entropy = undefined;
  if (popCount(job.committed) < job.terms.minCommits) return skip(job);
  job.keepers[1] = block.sender;
  return "share";
}

function closeShare(job: JobState, block: Block): Phase {
  const { committed, opened, terms } = job;
  requireOver(job, block, terms.shareSeconds, opened === committed && certified(job) === committed);
  for (const position of bitsOf(committed & ~opened)) miss(job, job.cohort[position]!);
  const included = includedMask(job);
  if (popCount(included) < terms.minCommits) return skip(job);
  job.included = included;
  job.includeHash = hashOfIncluded(job);
  job.keepers[2] = block.sender;
  return "propose";
}

/** No slot is left: nobody proposed, or all that did were proven wrong. */
function closeSlots(job: JobState, block: Block): Phase {
  const left = fullMask(job.seats.length) & ~fullMask(job.firstSlot);
  const slotsLeft = job.seats.length - job.firstSlot;
  requireOver(job, block, slotsLeft * job.terms.slotSeconds, (job.live & left) === 0n);
  missSeats(job, left);
  return skip(job);
}

function closeChallenge(job: JobState, block: Block): Phase {
  const { live, terms } = job;
  const attested = job.attested & live;
  const complete = attested === live && (job.scoreCommitted & live) === live;
  const quorum = popCount(attested) >= quorumOf(job.seats.length);
  const length = quorum ? Math.min(terms.attestSeconds, terms.challengeSeconds) : terms.challengeSeconds;
  requireOver(job, block, length, complete);
  if (!complete && !quorum) {
    nextSlot(job);
    return "propose";
  }
  job.keepers[3] = block.sender;
  return "score";
}

function closeScores(job: JobState, block: Block): Phase {
  const unopened = job.scoreCommitted & job.live & ~job.scoreOpened;
  requireOver(job, block, job.terms.scoreSeconds, unopened === 0n);
  missSeats(job, unopened);
  job.keepers[4] = block.sender;
  settle(job);
  return nextRound(job);
}

function skip(job: JobState): Phase {
  job.outcomes.push({ round: job.round, settled: undefined });
  return nextRound(job);
}

function nextRound(job: JobState): Phase {
  if (job.round === job.terms.rounds) return "finished";
  job.round++;
  return "draw";
}

/** A phase lasts its seconds and its blocks, unless it is complete. */
function requireOver(job: JobState, block: Block, length: number, complete: boolean): void {
  if (complete) return;
  const secondsLeft = Math.max(0, job.phaseStart + length - block.time);
  const blocksLeft = Math.max(0, job.phaseStartBlock + job.terms.phaseBlocks - block.number);
  if (secondsLeft + blocksLeft > 0) revert("NotYet", PHASES.indexOf(job.phase), secondsLeft, blocksLeft);
}
