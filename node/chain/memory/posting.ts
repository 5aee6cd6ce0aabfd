import { ZERO_WORD, type Hex } from "../../core/bytes.ts";
import { commitmentHash } from "../../core/encoding.ts";
import { bitOf, fullMask, hasBit, PHASES, popCount } from "../../core/roundView.ts";
import { recoverSigner } from "../../core/signature.ts";
import { saltShare } from "../../core/sortition.ts";
import { structDigest } from "../../core/typedData.ts";
import type { PostedBitmap, PostedOpening } from "../chain.ts";
import { revert, type Block } from "./block.ts";
import { memberAtPosition, memberOfSeat, positionOfSeat, topBytes, type JobState } from "./jobState.ts";

/** `contracts/job/Posting.sol`: what the cohort posts. */

export function commit(job: JobState, { sender }: Block, position: number, commitment: Hex): void {
  if (job.phase !== "commit") revert("WrongPhase", PHASES.indexOf(job.phase));
  const member = position < job.cohort.length ? memberAtPosition(job, position) : undefined;
  if (member?.operator !== sender) revert("NotInCohort", sender, position);
  if (hasBit(job.committed, position)) revert("AlreadyCommitted", position);
  if (commitment === ZERO_WORD) revert("EmptyCommitment");
  job.commits.set(position, { commitment, ordinal: popCount(job.committed), opened: undefined });
  job.committed |= bitOf(position);
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
}

/** Block hashes can be read for 256 blocks only; whoever calls first keeps this one. */
export function recordEntropy(job: JobState, block: Block): void {
  job.entropy ??= block.hashOf(job.entropyBlock);
}

function open(job: JobState, opening: PostedOpening): void {
  const { position, updateRoot, exampleCount, salt } = opening;
  const kept = job.commits.get(position);
  if (kept === undefined || !hasBit(job.committed & ~job.opened, position) || exampleCount === 0) return;
  const { operator } = memberAtPosition(job, position);
  const parts = { round: job.round, operator, updateRoot, exampleCount, salt };
  if (topBytes(commitmentHash(job.domain, parts)) !== topBytes(kept.commitment)) return;
  job.opened |= bitOf(position);
  job.saltSum = (job.saltSum + saltShare(operator, salt)) % 2n ** 256n;
  kept.opened = { updateRoot, exampleCount: Math.min(exampleCount, job.terms.weightCap) };
}

function certify(job: JobState, { seat, bits, signature }: PostedBitmap): void {
  if (seat >= job.seats.length) return;
  const before = job.bitmaps.get(seat) ?? 0n;
  const own = positionOfSeat(job, seat);
  const counted = bits & fullMask(job.cohort.length) & ~(own < 0 ? 0n : bitOf(own));
  if ((before | counted) === before) return;
  const digest = structDigest(job.domain, { type: "Bitmap", round: job.round, seed: job.seed, seat, bits });
  if (recoverSigner(digest, signature) !== memberOfSeat(job, seat).operator) return;
  job.bitmaps.set(seat, before | counted);
}
