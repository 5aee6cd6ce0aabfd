import type { Address } from "../../core/bytes.ts";
import { nextModelId, roundRecord } from "../../core/encoding.ts";
import { bitsOf, popCount } from "../../core/roundView.ts";
import { medianScores, nextTrailing, roundScores, splitByScore, type SeatScores } from "../../core/scores.ts";
import { memberAtPosition, memberOfSeat, type JobState } from "./jobState.ts";
import { ownIndex } from "./judging.ts";

/** `contracts/job/Settlement.sol`: from opened score vectors to credits. What nobody earned stays in the pool. */

const ALL_BPS = 10_000n;
const KEEPERS = 5n;

type Payment = readonly [account: Address, amount: bigint];

export function settle(job: JobState): void {
  const { domain, ledgers, round, terms } = job;
  const scores = moveScores(job);
  const total = ledgers.poolOf(domain.job) / BigInt(terms.rounds - round + 1);
  const part = (bps: number): bigint => (total * BigInt(bps)) / ALL_BPS;
  const shares = {
    contributors: part(terms.contributorsBps),
    aggregator: part(terms.aggregatorBps),
    committee: part(terms.committeeBps),
  };
  const keeper = (total - shares.contributors - shares.aggregator - shares.committee) / KEEPERS;
  const contributorsPay = splitByScore(shares.contributors, scores);
  const payments: Payment[] = [
    ...bitsOf(job.included).map((position, index): Payment => [
      memberAtPosition(job, position).wallet,
      contributorsPay[index]!,
    ]),
    [memberOfSeat(job, job.slot).wallet, shares.aggregator],
    ...committeePay(job, shares.committee),
    ...job.keepers.map((account): Payment => [job.registry.walletOf(account) ?? account, keeper]),
  ];
  ledgers.pay(domain.job, payments);

  job.modelId = nextModelId(job.modelId, job.aggregateRoot);
  job.roundRecords.set(round, roundRecord(job.seed, job.includeHash, job.aggregateRoot, job.attested));
  const settled = {
    aggregateRoot: job.aggregateRoot,
    modelId: job.modelId,
    includedMask: job.included,
    scores,
    contributorsPay,
    paid: payments.reduce((sum, [, amount]) => sum + amount, 0n),
    cohort: job.cohort,
    aggregator: job.seats[job.slot]!,
  };
  job.outcomes.push({ round, settled });
}

/** The scores that the round pays by; moves the trailing scores. */
function moveScores(job: JobState): number[] {
  const members = bitsOf(job.included).map((position) => memberAtPosition(job, position));
  const given = bitsOf(job.scoreOpened & job.live).map((seat): SeatScores => ({
    vector: job.vectors.get(seat),
    own: ownIndex(job, seat),
  }));
  const scores = roundScores(
    given,
    members.map(({ trailingScore }) => trailingScore),
  );
  for (const [index, median] of medianScores(given, members.length).entries()) {
    const member = members[index]!;
    if (median !== undefined) member.trailingScore = nextTrailing(member.trailingScore, median);
  }
  return scores;
}

/** Equal parts to the seats that attested and opened; what is left over one wei each, in seat order. */
function committeePay(job: JobState, amount: bigint): Payment[] {
  const judges = job.attested & job.live & job.scoreOpened;
  const count = BigInt(popCount(judges));
  return bitsOf(judges).map((seat, place): Payment => {
    const extra = BigInt(place) < amount % count ? 1n : 0n;
    return [memberOfSeat(job, seat).wallet, amount / count + extra];
  });
}
