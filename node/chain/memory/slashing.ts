import type { Address } from "../../core/bytes.ts";
import { bitsOf, PHASES, type Phase } from "../../core/roundView.ts";
import type { Block } from "./block.ts";
import { emit, type JobState } from "./jobStorage.ts";
import { eject, suspend } from "./roster.ts";

/** `contracts/job/Slashing.sol`: what a missed duty and a proven fault cost, and how a phase is entered. */

/** Ejects a member for a proven fault. Without stake, what it has not yet claimed is forfeited. */
export function fault(
  job: JobState,
  memberId: number,
  amount: bigint,
  prover: Address,
  rewarded: Address | undefined,
): void {
  eject(job, memberId);
  const { domain, ledgers, terms } = job;
  const member = job.members[memberId]!;
  if (terms.stake === 0n && member.credit > 0n) {
    ledgers.forfeit(domain.job, member.wallet, member.credit);
    member.credit = 0n;
  }
  const taken = ledgers.slash(domain.job, member.wallet, amount, rewarded, terms.proofReward);
  job.slashes.push({ round: job.round, memberId, prover, taken });
  emit(job, "MemberFaulted", { round: job.round, memberId, prover, taken });
}

/** Takes stake for something missed, and suspends; who has too little left to take is ejected. */
export function miss(job: JobState, memberId: number, amount: bigint, rewarded?: Address): void {
  const { domain, ledgers, members, terms } = job;
  const taken = ledgers.slash(domain.job, members[memberId]!.wallet, amount, rewarded, terms.proofReward);
  if (taken < amount) eject(job, memberId);
  else suspend(job, memberId);
  const { phase, round } = job;
  job.slashes.push({ round, memberId, prover: undefined, taken });
  emit(job, "MemberMissed", { round, memberId, phase: PHASES.indexOf(phase), asked: amount, taken });
}

/** Slashes the live seats of `mask` for a missed duty. */
export function missSeats(job: JobState, mask: bigint): void {
  for (const seat of bitsOf(mask & job.live)) miss(job, job.seats[seat]!, job.terms.missSlash);
}

/** The standing proposal falls: the slots after its own are open. */
export function nextSlot(job: JobState): void {
  job.attested = 0n;
  job.firstSlot = job.slot + 1;
}

/** Demands fall with the proposal that they were made on; the Court knows by itself. */
export function dropDemands(job: JobState): void {
  job.openDemands = job.windowEnd = job.windowEndBlock = 0;
}

/** What an operator earns goes to its wallet; somebody else's goes to itself. */
export function walletOf({ registry }: JobState, account: Address): Address {
  return registry.walletOf(account) ?? account;
}

export function enter(job: JobState, phase: Phase, block: Block): void {
  job.phase = phase;
  job.phaseStart = block.time;
  job.phaseStartBlock = block.number;
  emit(job, "PhaseEntered", { round: job.round, phase: PHASES.indexOf(phase) });
}
