import { fromHex, ZERO_WORD, type Address, type Hex } from "../../core/bytes.ts";
import { scoreCommitmentHash } from "../../core/encoding.ts";
import { bitOf, bitsOf, fullMask, hasBit, PHASES } from "../../core/roundView.ts";
import { decodeVector } from "../../core/scores.ts";
import { recoverSigner } from "../../core/signature.ts";
import { structDigest } from "../../core/typedData.ts";
import type { PostedAttestation, PostedScoreCommit, PostedScores } from "../chain.ts";
import { revert, type Block } from "./block.ts";
import { enter, memberOfSeat, positionOfSeat, type JobState } from "./jobState.ts";
import { bar } from "./membership.ts";
import { recordEntropy } from "./posting.ts";

/** `contracts/job/Judging.sol` and `Slashing.sol`: what the committee posts, and what its faults cost. */

export function propose(job: JobState, block: Block, root: Hex): void {
  const { sender } = block;
  if (job.phase !== "propose") revert("WrongPhase", PHASES.indexOf(job.phase));
  if (root === ZERO_WORD) revert("EmptyRoot");
  const seat = bitsOf(job.live).find((live) => memberOfSeat(job, live).operator === sender);
  if (seat === undefined) revert("NotASeat", sender);
  if (seat < job.firstSlot) revert("SlotGone", seat, job.firstSlot);
  const opensAt = job.phaseStart + (seat - job.firstSlot) * job.terms.slotSeconds;
  if (block.time < opensAt) revert("SlotNotOpen", seat, opensAt);
  recordEntropy(job, block);
  missSeats(job, fullMask(seat) & ~fullMask(job.firstSlot));
  job.aggregateRoot = root;
  job.attested = 0n;
  job.slot = seat;
  enter(job, "challenge", block);
}

export function attest(
  job: JobState,
  attestations: readonly PostedAttestation[],
  scoreCommits: readonly PostedScoreCommit[],
): void {
  if (job.phase !== "challenge") return;
  const { domain, round, seed, slot, includeHash, aggregateRoot } = job;
  const digest = structDigest(domain, { type: "Attestation", round, seed, slot, includeHash, aggregateRoot });
  for (const { seat, signature } of attestations) {
    if (!hasBit(job.live & ~job.attested, seat)) continue;
    if (recoverSigner(digest, signature) === memberOfSeat(job, seat).operator) job.attested |= bitOf(seat);
  }
  for (const { seat, commitment, signature } of scoreCommits) {
    if (!hasBit(job.live & ~job.scoreCommitted, seat) || commitment === ZERO_WORD) continue;
    const signed = structDigest(domain, { type: "ScoreCommit", round, seed, includeHash, commitment });
    if (recoverSigner(signed, signature) !== memberOfSeat(job, seat).operator) continue;
    job.scoreCommitted |= bitOf(seat);
    job.scoreCommits.set(seat, commitment);
  }
}

export function openScores(job: JobState, openings: readonly PostedScores[]): void {
  if (job.phase !== "score") return;
  for (const opening of openings) {
    const { seat } = opening;
    if (!hasBit(job.scoreCommitted & job.live & ~job.scoreOpened, seat)) continue;
    const read = readVector(job, opening);
    if (read === undefined) continue;
    job.vectors.set(seat, read.vector);
    job.scoreOpened |= bitOf(seat);
  }
}

/** The vector of an opening that matches its commitment and is valid. */
function readVector(
  job: JobState,
  { seat, vector, salt }: PostedScores,
): { vector: readonly number[] | undefined } | undefined {
  const { domain, round, seed, includeHash } = job;
  const bytes = fromHex(vector);
  const parts = { round, seed, scorer: memberOfSeat(job, seat).operator, includeHash, vector: bytes, salt };
  if (scoreCommitmentHash(domain, parts) !== job.scoreCommits.get(seat)) return undefined;
  try {
    return { vector: decodeVector(bytes, bitsOf(job.included).length, ownIndex(job, seat)) };
  } catch {
    return undefined;
  }
}

/** Index by include order of the update of a seat's holder, undefined where it has none. */
export function ownIndex(job: JobState, seat: number): number | undefined {
  const index = bitsOf(job.included).indexOf(positionOfSeat(job, seat));
  return index < 0 ? undefined : index;
}

/** The standing proposal is proven wrong: slashes its poster and its attesters, and gives the turn to the next slot. */
export function faultAggregate(job: JobState, block: Block, prover: Address): void {
  if (job.phase !== "challenge") revert("WrongPhase", PHASES.indexOf(job.phase));
  const { slot, terms } = job;
  const faulty = job.attested | bitOf(slot);
  job.live &= ~faulty;
  nextSlot(job);
  enter(job, "propose", block);
  for (const seat of bitsOf(faulty)) {
    const memberId = job.seats[seat]!;
    bar(job, memberId);
    const { wallet } = memberOfSeat(job, seat);
    const rewarded = seat === slot ? (job.registry.walletOf(prover) ?? prover) : undefined;
    const taken = job.ledgers.slash(job.domain.job, wallet, terms.faultSlash, rewarded, terms.proofReward);
    job.slashes.push({ round: job.round, memberId, prover, taken });
  }
}

/** The standing proposal falls: the slots after its own are open. */
export function nextSlot(job: JobState): void {
  job.attested = 0n;
  job.firstSlot = job.slot + 1;
}

/** Slashes the live seats of `mask` for a missed duty. */
export function missSeats(job: JobState, mask: bigint): void {
  for (const seat of bitsOf(mask & job.live)) miss(job, job.seats[seat]!);
}

export function miss(job: JobState, memberId: number): void {
  const { wallet } = job.members[memberId]!;
  const taken = job.ledgers.slash(job.domain.job, wallet, job.terms.missSlash, undefined, 0n);
  job.slashes.push({ round: job.round, memberId, prover: undefined, taken });
}
