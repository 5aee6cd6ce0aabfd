import type { Address } from "../../core/bytes.ts";
import { bitsOf } from "../../core/roundView.ts";
import type { JobLedger } from "../ledger.ts";
import type { JobState } from "./jobStorage.ts";
import type { Flow } from "./ledgers.ts";

/** A job's ledger, as an auditor reads it from the real chain's log. */
export function ledgerOf(job: JobState): JobLedger {
  const flows = job.ledgers.flowsOf(job.domain.job);
  const byAccount = (kind: Flow["kind"]): Map<Address, bigint> =>
    sumBy(flows.filter((flow) => flow.kind === kind).map(({ account, amount }) => [account, amount]));
  const total = (kind: Flow["kind"]): bigint => [...byAccount(kind).values()].reduce((sum, amount) => sum + amount, 0n);
  const kept = [...byAccount("kept")];
  return {
    pool: job.ledgers.escrowedFor(job.domain.job),
    slashedIntoPool: total("slashed-into-pool"),
    credited: sumBy([...earned(job), ...kept]),
    rewards: byAccount("rewarded"),
    claimed: byAccount("claimed"),
    forfeited: byAccount("forfeited"),
    refunded: total("refunded"),
    burned: total("burned"),
    slashed: byAccount("slashed"),
  };
}

/** Contributors' and judges' pay, by wallet. */
function earned({ members, outcomes }: JobState): [Address, bigint][] {
  return outcomes.flatMap(({ settled }) => {
    if (settled === undefined) return [];
    const walletOf = (id: number): Address => members[id]!.wallet;
    const { cohort, contributorsPay, includedMask, judgesPay, seats } = settled;
    const contributors = bitsOf(includedMask).map((position, index): [Address, bigint] => [
      walletOf(cohort[position]!),
      contributorsPay[index]!,
    ]);
    return [...contributors, ...judgesPay.map((amount, seat): [Address, bigint] => [walletOf(seats[seat]!), amount])];
  });
}

function sumBy(entries: readonly (readonly [Address, bigint])[]): Map<Address, bigint> {
  const sums = new Map<Address, bigint>();
  for (const [account, amount] of entries) {
    if (amount > 0n) sums.set(account, (sums.get(account) ?? 0n) + amount);
  }
  return sums;
}
