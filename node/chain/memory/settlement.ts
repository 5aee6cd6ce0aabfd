import type { Address } from "../../core/bytes.ts";
import { nextModelId, type RoundRecord } from "../../core/encoding.ts";
import { bitsOf, hasBit, popCount } from "../../core/roundView.ts";
import { medianScores, nextTrailing, roundScores, splitByScore, type SeatScores } from "../../core/scores.ts";
import type { Block } from "./block.ts";
import { emit, owed, positionOfSeat, type JobState } from "./jobStorage.ts";
import { walletOf } from "./slashing.ts";

/** `contracts/job/Settlement.sol`: from opened score vectors to credits. What nobody earned stays in the pool. */

const ALL_BPS = 10_000n;
const KEEPERS = 5n;

export function settle(job: JobState, block: Block): void {
  const { domain, ledgers, members, round } = job;
  const ids = bitsOf(job.included).map((position) => job.cohort[position]!);
  const scores = moveScores(job, ids);
  const pay = splitPay(job);
  const contributorsPay = splitByScore(pay.contributors, scores);
  const judgesPay = payJudges(job, pay.aggregator, pay.committee);
  ids.forEach((id, index) => (members[id]!.credit += contributorsPay[index]!));
  judgesPay.forEach((amount, seat) => (members[job.seats[seat]!]!.credit += amount));
  ledgers.pay(domain.job, payKeepers(job, block.sender, pay.keeper));

  job.modelId = nextModelId(job.modelId, job.aggregateRoot);
  const record = recordOf(job);
  job.records.set(round, record);
  const earned = [...contributorsPay, ...judgesPay].reduce((sum, amount) => sum + amount, 0n);
  const paid = earned + KEEPERS * pay.keeper;
  const settled = {
    aggregateRoot: job.aggregateRoot,
    modelId: job.modelId,
    includedMask: job.included,
    scores,
    contributorsPay,
    judgesPay,
    paid,
    cohort: job.cohort,
    seats: job.seats,
    aggregator: record.poster,
    faulty: false,
  };
  job.outcomes.push({ round, settled, withheld: job.withheld });
  const { modelId, included: includedMask } = job;
  const amounts = { scores: scores.map(BigInt), contributorsPay, judgesPay, paid };
  emit(job, "RoundSettled", { round, modelId, record, includedMask, ...amounts });
}

/** The one that settles comes first; the same keeper in a row is credited once. */
function payKeepers(job: JobState, last: Address, each: bigint): [Address, bigint][] {
  const runs: { keeper: Address; amount: bigint }[] = [];
  for (const keeper of [last, ...job.keepers]) {
    const run = runs.at(-1);
    if (run?.keeper === keeper) run.amount += each;
    else runs.push({ keeper, amount: each });
  }
  return runs.map(({ keeper, amount }) => [walletOf(job, keeper), amount]);
}

/** Also who was ejected since it attested: it answers for this round, too. */
function recordOf({ seed, includeHash, aggregateRoot, seats, slot, attested }: JobState): RoundRecord {
  const attesters = bitsOf(attested).map((seat) => seats[seat]!);
  return { seed, includeHash, aggregateRoot, poster: seats[slot]!, attesters };
}

/** The scores that the round pays by; moves the trailing scores. */
function moveScores(job: JobState, ids: readonly number[]): number[] {
  const members = ids.map((id) => job.members[id]!);
  const positions = bitsOf(job.included);
  const given = bitsOf(job.scoreOpened & job.live).map((seat): SeatScores => {
    const own = positions.indexOf(positionOfSeat(job, seat));
    return { vector: job.vectors.get(seat), own: own < 0 ? undefined : own };
  });
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

interface Pay {
  readonly contributors: bigint;
  readonly aggregator: bigint;
  readonly committee: bigint;
  /** Each. */
  readonly keeper: bigint;
}

/** What the pool still owes nobody, in equal parts over the rounds that are left. */
function splitPay(job: JobState): Pay {
  const { domain, ledgers, round, terms } = job;
  const total = (ledgers.poolOf(domain.job) - owed(job)) / BigInt(terms.rounds - round + 1);
  const part = (bps: number): bigint => (total * BigInt(bps)) / ALL_BPS;
  const [contributors, aggregator, committee] = [
    part(terms.contributorsBps),
    part(terms.aggregatorBps),
    part(terms.committeeBps),
  ];
  return { contributors, aggregator, committee, keeper: (total - contributors - aggregator - committee) / KEEPERS };
}

/** The poster, and in equal parts the seats that attested the settled root and opened; odd wei to the lower seats. */
function payJudges(job: JobState, aggregator: bigint, committee: bigint): bigint[] {
  const judges = job.attested & job.live & job.scoreOpened;
  const count = BigInt(popCount(judges));
  let paid = 0n;
  return job.seats.map((_, seat) => {
    const posted = seat === job.slot && hasBit(job.live, seat) ? aggregator : 0n;
    if (!hasBit(judges, seat)) return posted;
    return posted + committee / count + (paid++ < committee % count ? 1n : 0n);
  });
}
