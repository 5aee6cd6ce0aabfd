import { fromHex, ZERO_WORD, type Hex } from "../../core/bytes.ts";
import { scoreCommitmentHash } from "../../core/encoding.ts";
import { bitOf, bitsOf, fullMask, hasBit, popCount } from "../../core/roundView.ts";
import { decodeVector } from "../../core/scores.ts";
import { recoverSigner } from "../../core/signature.ts";
import { structDigest } from "../../core/typedData.ts";
import type { PostedAttestation, PostedScoreCommit, PostedScores } from "../chain.ts";
import { revert, type Block } from "./block.ts";
import { emit, operatorOfSeat, positionOfSeat, wrongPhase, ZERO_ADDRESS, type JobState } from "./jobStorage.ts";
import { recordEntropy } from "./entropy.ts";
import { enter, missSeats } from "./slashing.ts";
import { goIfJudged, goIfScored } from "./transitions.ts";

/** `contracts/job/Judging.sol`: what the committee posts. */

export function propose(job: JobState, block: Block, aggregateRoot: Hex, attestation: PostedAttestation): void {
  if (job.phase !== "propose") wrongPhase(job);
  if (aggregateRoot === ZERO_WORD) revert("EmptyRoot");
  const { domain, round, seed, includeHash } = job;
  const { seat, signature } = attestation;
  requireSlotOpen(job, block, seat);
  const digest = structDigest(domain, { type: "Attestation", round, seed, slot: seat, includeHash, aggregateRoot });
  const operator = hasBit(job.live, seat) ? operatorOfSeat(job, seat) : ZERO_ADDRESS;
  if (recoverSigner(digest, signature) !== operator) revert("NotASeat", seat, operator);
  recordEntropy(job, block);
  missSeats(job, slotsBetween(job.firstSlot, seat));
  job.aggregateRoot = aggregateRoot;
  job.attested = bitOf(seat);
  job.slot = seat;
  enter(job, "challenge", block);
  emit(job, "Proposed", { round, slot: seat, memberId: job.seats[seat]!, aggregateRoot });
}

/** A slot opens when the turns of the live seats before it are over, in seconds and in blocks. */
function requireSlotOpen(job: JobState, block: Block, seat: number): void {
  const { firstSlot, live, terms } = job;
  if (seat < firstSlot) revert("SlotGone", seat, firstSlot);
  const turns = popCount(live & slotsBetween(firstSlot, seat));
  const opensAt = job.phaseStart + turns * terms.slotSeconds;
  const opensAtBlock = job.phaseStartBlock + turns * terms.phaseBlocks;
  if (block.time < opensAt || block.number < opensAtBlock) revert("SlotNotOpen", seat, opensAt, opensAtBlock);
}

/** Mask of the slots from `first` up to `end`, which is not included. */
function slotsBetween(first: number, end: number): bigint {
  return fullMask(end) & ~fullMask(first);
}

export function attest(
  job: JobState,
  block: Block,
  attestations: readonly PostedAttestation[],
  scoreCommits: readonly PostedScoreCommit[],
): void {
  if (job.phase !== "challenge") return;
  const { domain, round, seed, slot, includeHash, aggregateRoot } = job;
  const digest = structDigest(domain, { type: "Attestation", round, seed, slot, includeHash, aggregateRoot });
  const before = job.attested;
  for (const { seat, signature } of attestations) {
    if (!hasBit(job.live & ~job.attested, seat)) continue;
    if (recoverSigner(digest, signature) === operatorOfSeat(job, seat)) job.attested |= bitOf(seat);
  }
  if (job.attested !== before) emit(job, "Attested", { round, attestedMask: job.attested });
  for (const { seat, commitment, signature } of scoreCommits) {
    if (!hasBit(job.live & ~job.scoreCommitted, seat) || commitment === ZERO_WORD) continue;
    const signed = structDigest(domain, { type: "ScoreCommit", round, seed, includeHash, commitment });
    if (recoverSigner(signed, signature) !== operatorOfSeat(job, seat)) continue;
    job.scoreCommitted |= bitOf(seat);
    job.scoreCommits.set(seat, commitment);
    emit(job, "ScoreCommitted", { round, seat, commitment });
  }
  goIfJudged(job, block);
}

export function openScores(job: JobState, block: Block, openings: readonly PostedScores[]): void {
  if (job.phase !== "score") return;
  for (const opening of openings) {
    const { seat } = opening;
    if (!hasBit(job.scoreCommitted & job.live & ~job.scoreOpened, seat)) continue;
    const read = readVector(job, opening);
    if (read === undefined) continue;
    job.vectors.set(seat, read.vector);
    job.scoreOpened |= bitOf(seat);
    emit(job, "ScoreOpened", { round: job.round, seat, vector: opening.vector });
  }
  goIfScored(job, block);
}

/** The vector of an opening that matches its commitment and is valid. */
function readVector(
  job: JobState,
  { seat, vector, salt }: PostedScores,
): { vector: readonly number[] | undefined } | undefined {
  const { domain, round, seed, includeHash } = job;
  const bytes = fromHex(vector);
  const parts = { round, seed, scorer: job.seats[seat]!, includeHash, vector: bytes, salt };
  if (scoreCommitmentHash(domain, parts) !== job.scoreCommits.get(seat)) return undefined;
  const own = bitsOf(job.included).indexOf(positionOfSeat(job, seat));
  try {
    return { vector: decodeVector(bytes, bitsOf(job.included).length, own < 0 ? undefined : own) };
  } catch {
    return undefined;
  }
}
