import { readBalances, readIsDrawn, readMembership, readToken, unbond, withdrawStake } from "../chain/accounts.ts";
import { readPayout } from "../chain/registration.ts";
import type { Sender } from "../chain/sender.ts";
import { PacelineError } from "../core/errors.ts";
import type { ChainAccess, JobAccess } from "./chainAccess.ts";
import { formatTime, formatUnits, table, type Outcome } from "./output.ts";

/** Withdraws the wallet's unbonded stake from each job. @throws PacelineError `not-found`, `rejected` with what is in the way */
export async function withdrawUnbonded(
  chain: ChainAccess,
  wallet: Sender,
  jobs: readonly JobAccess[],
): Promise<Outcome> {
  if (jobs.length === 0)
    throw new PacelineError("bad-input", "which job is not known: give --job ADDRESS, which the sponsor has");
  const { endpoint, deployment } = chain;
  const withdrawn: { job: string; amount: string; symbol: string }[] = [];
  for (const access of jobs) {
    const stake = await requireUnbonded(chain, wallet, access);
    await withdrawStake(wallet, deployment.treasury, access.job);
    const { decimals, symbol } = await readToken(endpoint, access.terms.stakeToken);
    withdrawn.push({ job: access.job, amount: formatUnits(stake, decimals), symbol });
  }
  const paidTo = await readPayout(endpoint, deployment.registry, wallet.address);
  const rows = withdrawn.map(({ job, amount, symbol }): [string, string] => [job, `${amount} ${symbol}`]);
  return { data: { account: wallet.address, paidTo, withdrawn }, text: table([["paid to", paidTo], ...rows]) };
}

/** @returns the stake that is there */
async function requireUnbonded(chain: ChainAccess, wallet: Sender, access: JobAccess): Promise<bigint> {
  const { endpoint, deployment } = chain;
  const { job, terms } = access;
  const { address } = wallet;
  const { stake, withdrawableAt } = await readBalances(endpoint, deployment.treasury, job, terms.stakeToken, address);
  if (stake === 0n) throw new PacelineError("not-found", `${address} has no stake in ${job}`);
  if (await readIsDrawn(endpoint, job, address))
    throw new PacelineError(
      "rejected",
      `${address} is drawn in the running round of ${job}: try again when it is over`,
    );
  const time = withdrawableAt === 0 ? await startUnbonding(chain, wallet, access) : withdrawableAt;
  const now = Number((await endpoint.client.getBlock()).timestamp);
  if (now < time)
    throw new PacelineError("rejected", `the stake in ${job} is bonded until ${formatTime(time)}: try again then`);
  return stake;
}

/** Where the wallet's last round was not over when its stake would have begun to unbond. @returns when it can be withdrawn */
async function startUnbonding(
  { endpoint, deployment }: ChainAccess,
  wallet: Sender,
  access: JobAccess,
): Promise<number> {
  const { job, terms } = access;
  const membership = await readMembership(endpoint, job, wallet.address);
  if (membership === undefined || (membership.member.active && !membership.member.ejected))
    throw new PacelineError(
      "rejected",
      `the stake in ${job} is still locked: leave the job first with \`paceline job leave\``,
    );
  await unbond(wallet, job, membership.memberId);
  const balances = await readBalances(endpoint, deployment.treasury, job, terms.stakeToken, wallet.address);
  return balances.withdrawableAt;
}
