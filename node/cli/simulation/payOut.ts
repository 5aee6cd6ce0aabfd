import { claimFor, claimPay, readBalances } from "../../chain/accounts.ts";
import { readTokenBalance, type JobLedger } from "../../chain/ledger.ts";
import { createSender, type Sender } from "../../chain/sender.ts";
import type { Address } from "../../core/bytes.ts";
import type { ReportMoney } from "../../dashboard/reportData.ts";
import { FIRST_ACCOUNT_KEY } from "./chainProcess.ts";
import type { Federation } from "./federation.ts";

const sumOf = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((sum, amount) => sum + amount, 0n);

/** Claims all that was earned and checks, on balances that tokens report, that nothing was made or lost. */
export async function payOut(federation: Federation, ledger: JobLedger): Promise<ReportMoney> {
  const { accounts, addresses, deployment, endpoint, terms } = federation;
  const { token, treasury } = deployment;
  const payer = createSender(endpoint, FIRST_ACCOUNT_KEY); // the sponsor
  let claimsMatch = true;
  for (const account of new Set([...ledger.credited.keys(), ...ledger.rewards.keys(), payer.address])) {
    const expected = expectedOf(ledger, account, payer.address);
    if ((await claimAll(federation, payer, account)) !== expected) claimsMatch = false;
  }
  const balances = accounts.map(({ wallet }) =>
    readBalances(endpoint, treasury, addresses.job, terms.stakeToken, wallet),
  );
  const staked = sumOf((await Promise.all(balances)).map(({ stake }) => stake));
  const kept = staked + ledger.burned + sumOf(ledger.forfeited.values());
  const paid = sumOf(ledger.credited.values());
  const left = ledger.refunded + ledger.burned;
  const reserves = await readTokenBalance(endpoint, token, treasury);
  return {
    pool: ledger.pool.toString(),
    slashedIntoPool: ledger.slashedIntoPool.toString(),
    paid: paid.toString(),
    left: left.toString(),
    burned: ledger.burned.toString(),
    balanced: ledger.pool + ledger.slashedIntoPool === paid + left && claimsMatch && reserves === kept,
  };
}

function expectedOf(ledger: JobLedger, account: Address, sponsor: Address): bigint {
  const earned = (ledger.credited.get(account) ?? 0n) + (ledger.rewards.get(account) ?? 0n);
  const lost = ledger.forfeited.get(account) ?? 0n;
  return earned - lost + (account === sponsor ? ledger.refunded : 0n);
}

/** @returns by how much the balance has grown */
async function claimAll(
  { accounts, addresses, deployment, endpoint }: Federation,
  payer: Sender,
  account: Address,
): Promise<bigint> {
  const { token, treasury } = deployment;
  const before = await readTokenBalance(endpoint, token, account);
  const { earned, credit } = await readBalances(endpoint, treasury, addresses.job, token, account);
  const memberId = accounts.findIndex(({ wallet }) => wallet === account);
  if (earned > 0n) await claimPay(payer, addresses.job, memberId);
  if (credit > 0n) await claimFor(payer, treasury, token, account);
  return (await readTokenBalance(endpoint, token, account)) - before;
}
