import { ZERO_WORD, type Hex } from "../../core/bytes.ts";
import { commitmentHash, PASS } from "../../core/encoding.ts";
import { bitOf, fullMask, hasBit, popCount } from "../../core/roundView.ts";
import { recoverSigner } from "../../core/signature.ts";
import { saltShare } from "../../core/sortition.ts";
import { structDigest } from "../../core/typedData.ts";
import type { PostedBitmap, PostedCommit, PostedOpening } from "../chain.ts";
import { revert, type Block } from "./block.ts";
import { recordEntropy } from "./entropy.ts";
import { advanceEntrance } from "./entrance.ts";
import { operatorOf, operatorOfSeat, positionOfSeat, wrongPhase, type JobState } from "./jobStorage.ts";
import { topBytes } from "./jobViews.ts";
import { goIfShared } from "./transitions.ts";

/** `contracts/job/Posting.sol`: what the cohort posts. */

export function commit(job: JobState, { sender }: Block, position: number, commitment: Hex): void {
  if (job.phase !== "commit") wrongPhase(job);
  if (position >= job.cohort.length || operatorOf(job, job.cohort[position]!) !== sender) {
    revert("NotInCohort", sender, position);
  }
  if (hasBit(job.committed, position)) revert("AlreadyCommitted", position);
  if (commitment === ZERO_WORD) revert("EmptyCommitment");
  keepCommit(job, position, commitment);
}

export function commitBatch(job: JobState, block: Block, commits: readonly PostedCommit[]): void {
  if (job.phase !== "commit") return;
  const { domain, round, seed } = job;
  for (const { position, commitment, signature } of commits) {
    if (position >= job.cohort.length || commitment === ZERO_WORD || hasBit(job.committed, position)) continue;
    const digest = structDigest(domain, { type: "Commit", round, seed, commitment });
    if (recoverSigner(digest, signature) !== operatorOf(job, job.cohort[position]!)) continue;
    keepCommit(job, position, commitment);
  }
  if (job.committed === fullMask(job.cohort.length)) advanceEntrance(job, block);
}

export function share(
  job: JobState,
  block: Block,
  openings: readonly PostedOpening[],
  bitmaps: readonly PostedBitmap[],
): void {
  if (job.phase !== "share") return;
  recordEntropy(job, block);
  for (const opening of openings) open(job, opening);
  for (const bitmap of bitmaps) certify(job, bitmap);
  goIfShared(job, block);
}

function keepCommit(job: JobState, position: number, commitment: Hex): void {
  if (commitment === PASS) job.passed |= bitOf(position);
  job.commits.set(position, { commitment, ordinal: popCount(job.committed), opened: undefined });
  job.committed |= bitOf(position);
}

function open(job: JobState, { position, updateRoot, exampleCount, salt }: PostedOpening): void {
  const kept = job.commits.get(position);
  if (kept === undefined || !hasBit(job.committed & ~job.opened, position) || exampleCount === 0) return;
  const memberId = job.cohort[position]!;
  const parts = { round: job.round, memberId, updateRoot, exampleCount, salt };
  if (topBytes(commitmentHash(job.domain, parts)) !== topBytes(kept.commitment)) return;
  job.opened |= bitOf(position);
  job.saltSum = (job.saltSum + saltShare(memberId, salt)) % 2n ** 256n;
  kept.opened = { updateRoot, exampleCount: Math.min(exampleCount, job.terms.weightCap) };
}

function certify(job: JobState, { seat, bits, signature }: PostedBitmap): void {
  if (!hasBit(job.live, seat)) return;
  const before = job.bitmaps.get(seat) ?? 0n;
  const own = positionOfSeat(job, seat);
  const counted = before | (bits & job.committed & ~(own < 0 ? 0n : bitOf(own)));
  if (counted === before) return;
  const digest = structDigest(job.domain, { type: "Bitmap", round: job.round, seed: job.seed, seat, bits });
  if (recoverSigner(digest, signature) === operatorOfSeat(job, seat)) job.bitmaps.set(seat, counted);
}
