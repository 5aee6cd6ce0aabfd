import { ZERO_WORD } from "../../core/bytes.ts";
import { bitOf } from "../../core/roundView.ts";
import { COHORT_TAG, COMMITTEE_TAG, firstSeed, nextSeed } from "../../core/sortition.ts";
import { drawWeighted } from "../../core/weightedDraw.ts";
import type { Block } from "./block.ts";
import { emit, type JobState } from "./jobStorage.ts";
import { recordEntropy } from "./entropy.ts";
import { candidateCount } from "./roster.ts";

/** `contracts/job/Draws.sol`: who trains and who judges, drawn from the chained seed. */
export function drawRound(job: JobState, block: Block): void {
  const { domain, terms, weights } = job;
  const last = job.seed === ZERO_WORD ? firstSeed(domain.chainId, domain.job, terms.genesisHash) : job.seed;
  recordEntropy(job, block);
  job.seed = nextSeed(last, job.saltSum);
  const count = candidateCount(job);
  const cohort = drawWeighted(job.seed, COHORT_TAG, weights, Math.min(count, terms.cohortSize));
  job.cohort = cohort.sort((a, b) => a - b);
  job.seats = drawWeighted(job.seed, COMMITTEE_TAG, weights, Math.min(count, terms.committeeSize));
  job.live = liveSeats(job);
  job.committed = job.passed = job.opened = job.included = 0n;
  job.attested = job.scoreCommitted = job.scoreOpened = 0n;
  job.firstSlot = job.slot = 0;
  for (const map of [job.commits, job.bitmaps, job.scoreCommits, job.vectors]) map.clear();
  job.withheld = [];
  emit(job, "RoundDrawn", { round: job.round, seed: job.seed, cohort: job.cohort, seats: job.seats });
}

/** Without those that were ejected or suspended since the snapshot. */
function liveSeats({ members, seats }: JobState): bigint {
  const isLive = (id: number): boolean => !members[id]!.ejected && members[id]!.suspendedUntil === 0;
  return seats.reduce((mask, id, seat) => (isLive(id) ? mask | bitOf(seat) : mask), 0n);
}
