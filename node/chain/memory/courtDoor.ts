import type { Address } from "../../core/bytes.ts";
import { roundRecordHash, type RoundRecord } from "../../core/encoding.ts";
import { bitOf, bitsOf } from "../../core/roundView.ts";
import { revert, type Block } from "./block.ts";
import { emit, wrongPhase, type JobState } from "./jobStorage.ts";
import { dropDemands, enter, fault, nextSlot, walletOf } from "./slashing.ts";

/** `contracts/job/CourtDoor.sol`: what the Court may do to a job. */

/** The standing proposal is proven wrong: only its poster's stake pays the prover. */
export function faultProposal(job: JobState, block: Block): void {
  if (job.phase !== "challenge") wrongPhase(job);
  const { slot } = job;
  const faulty = job.attested | bitOf(slot);
  job.live &= ~faulty;
  dropDemands(job);
  nextSlot(job);
  enter(job, "propose", block);
  for (const seat of bitsOf(faulty)) {
    const rewarded = seat === slot ? walletOf(job, block.sender) : undefined;
    fault(job, job.seats[seat]!, job.terms.faultSlash, block.sender, rewarded);
  }
}

/** A settled round is proven wrong: slashes as far as stake is still bonded, and marks the round. */
export function faultRecord(job: JobState, block: Block, round: number, record: RoundRecord): void {
  const kept = job.records.get(round);
  if (kept === undefined || roundRecordHash(kept) !== roundRecordHash(record)) revert("WrongRecord", round);
  job.records.delete(round);
  emit(job, "RoundFaulty", { round, prover: block.sender });
  const index = job.outcomes.findIndex((outcome) => outcome.round === round);
  const outcome = job.outcomes[index]!;
  job.outcomes[index] = { ...outcome, settled: outcome.settled && { ...outcome.settled, faulty: true } };
  for (const memberId of record.attesters) {
    const rewarded = memberId === record.poster ? walletOf(job, block.sender) : undefined;
    dropSeat(job, memberId);
    fault(job, memberId, job.terms.faultSlash, block.sender, rewarded);
  }
}

/** A member signed two roots for one slot: takes all its stake. */
export function faultMember(job: JobState, memberId: number, prover: Address): void {
  dropSeat(job, memberId);
  fault(job, memberId, ALL_STAKE, prover, walletOf(job, prover));
}

const ALL_STAKE = 2n ** 96n - 1n;

export function openDemand(job: JobState): void {
  if (job.phase !== "challenge") wrongPhase(job);
  job.openDemands++;
}

/** Who asked has as long again to ask on. */
export function closeDemand(job: JobState, block: Block): void {
  job.openDemands--;
  job.windowEnd = block.time + job.terms.demandSeconds;
  job.windowEndBlock = block.number + job.terms.phaseBlocks;
}

/** A seat of the running round, if the member has one, judges no more. */
function dropSeat(job: JobState, memberId: number): void {
  const seat = job.seats.indexOf(memberId);
  if (seat >= 0) job.live &= ~bitOf(seat);
}
