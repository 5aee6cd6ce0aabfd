import { bitOf, bitsOf, fullMask, hasBit, PHASES, popCount, type Phase } from "../../core/roundView.ts";
import { revert, type Block } from "./block.ts";
import { go, requireOver, skip } from "./clockwork.ts";
import { overdue, type Withheld } from "./demands.ts";
import { drawRound } from "./draws.ts";
import { emit, wrongPhase, type JobState } from "./jobStorage.ts";
import { applyQueues, candidateCount, candidateCountNext, MIN_COHORT } from "./roster.ts";
import { dropDemands, miss, nextSlot, walletOf } from "./slashing.ts";

/** `contracts/job/Entrance.sol`: the transitions up to the close of commits, and what an unanswered demand does. */
export function advanceEntrance(job: JobState, block: Block): void {
  go(job, block, close(job, block));
}

function close(job: JobState, block: Block): Phase {
  switch (job.phase) {
    case "joining":
      return start(job, block);
    case "draw":
      return draw(job, block);
    case "commit":
      return closeCommits(job, block);
    case "challenge":
      return judgeOverdue(job, block);
    default:
      return wrongPhase(job);
  }
}

function start(job: JobState, block: Block): Phase {
  const count = candidateCountNext(job); // without who was ejected meanwhile
  if (count < job.terms.startMembers) requireOver(job, block, job.terms.joinSeconds, false);
  applyQueues(job, block);
  if (count < MIN_COHORT && count < job.terms.startMembers) return "failed";
  job.entropyBlock = block.number;
  job.round = 1;
  return "draw";
}

function draw(job: JobState, block: Block): Phase {
  if (candidateCount(job) < MIN_COHORT) return letIn(job, block);
  if (block.number <= job.entropyBlock) {
    revert("NotYet", PHASES.indexOf("draw"), 0, job.entropyBlock + 1 - block.number);
  }
  drawRound(job, block);
  job.keepers[0] = block.sender;
  return "commit";
}

/**
 * Where too few can be drawn, those who wait in the queues are let in, and then the rest has time to come back. The refusal
 * comes first: the contract's own comes later and undoes what was done.
 */
function letIn(job: JobState, block: Block): Phase {
  const isOver = candidateCountNext(job) < MIN_COHORT;
  if (isOver) requireOver(job, block, job.terms.joinSeconds, false);
  applyQueues(job, block);
  if (isOver) return "finished";
  // Who came in knows the salts already: another block decides.
  job.entropyBlock = block.number;
  job.entropyRecorded = false;
  return "draw";
}

/** Also the snapshot for the next draw, and its entropy block. */
function closeCommits(job: JobState, block: Block): Phase {
  requireOver(job, block, job.terms.commitSeconds, job.committed === fullMask(job.cohort.length));
  applyQueues(job, block);
  job.committed &= ~job.passed;
  job.entropyBlock = block.number;
  job.entropyRecorded = false;
  dropDemands(job);
  if (popCount(job.committed) < job.terms.minCommits) return skip(job);
  job.keepers[1] = block.sender;
  return "share";
}

/** A demand that nobody answered in time: the proposal falls with its poster, or the update with its owner. */
function judgeOverdue(job: JobState, block: Block): Phase {
  const withheld = overdue(job, block);
  if (withheld === undefined) return revert("DemandsOpen", job.openDemands);
  dropDemands(job);
  if (withheld.updateIndex === undefined) {
    job.live &= ~bitOf(job.slot);
    nextSlot(job);
    miss(job, job.seats[job.slot]!, job.terms.faultSlash, walletOf(job, withheld.demander));
    return "propose";
  }
  withholdUpdate(job, withheld, withheld.updateIndex);
  return popCount(job.included) < job.terms.minCommits ? skip(job) : "propose";
}

/** The poster did nothing wrong and may propose again, over what is left; scores of the old include set are void. */
function withholdUpdate(job: JobState, { demander, includeHash }: Withheld, index: number): void {
  const position = bitsOf(job.included)[index]!;
  const owner = job.cohort[position]!;
  job.included &= ~bitOf(position);
  job.attested = job.scoreCommitted = 0n;
  job.includeHash = includeHash;
  job.firstSlot = job.slot;
  job.withheld = [...job.withheld, owner];
  emit(job, "UpdateWithheld", { round: job.round, memberId: owner, includedMask: job.included, includeHash });
  miss(job, owner, job.terms.faultSlash, walletOf(job, demander));
  for (const [seat, memberId] of job.seats.entries()) {
    if (hasBit(job.bitmaps.get(seat) ?? 0n, position)) miss(job, memberId, job.terms.missSlash);
  }
}
