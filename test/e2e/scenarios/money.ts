import { expect } from "chai";
import { treasuryAbi } from "../../../node/chain/abi.ts";
import { readBalances, readCredit, readHeld, readPool } from "../../../node/chain/accounts.ts";
import { readLedger } from "../../../node/chain/ledger.ts";
import { createSender } from "../../../node/chain/sender.ts";
import { FIRST_ACCOUNT_KEY } from "../../../node/cli/simulation/chainProcess.ts";
import type { LocalFederation } from "../localFederation.ts";
import { POOL } from "../testChain.ts";

const sumOf = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((sum, amount) => sum + amount, 0n);

/** The job has ended, and it is the chain's only one: what the treasury holds is owed to somebody, to the wei. */
export async function expectConserved({ chain, job }: LocalFederation): Promise<void> {
  const { endpoint, deployment } = chain;
  const { token, treasury } = deployment;
  const { accounts, addresses, terms } = job;
  const sponsor = createSender(endpoint, FIRST_ACCOUNT_KEY).address;
  const wallets = accounts.map(({ wallet }) => wallet);
  const balances = await Promise.all(
    wallets.map((wallet) => readBalances(endpoint, treasury, addresses.job, token, wallet)),
  );
  const everybody = [sponsor, ...wallets, ...accounts.map(({ operator }) => operator)];
  const credits = await Promise.all(everybody.map((account) => readCredit(endpoint, treasury, token, account)));
  const burned = await endpoint.client.readContract({
    address: treasury,
    abi: treasuryAbi,
    functionName: "burned",
    args: [token],
  });
  const pool = await readPool(endpoint, treasury, addresses.job);
  const staked = sumOf(balances.map(({ stake }) => stake));
  expect(pool, "the pool is what members have earned").to.equal(sumOf(balances.map(({ earned }) => earned)));
  const held = await readHeld(endpoint, token, treasury);
  expect(held, "the treasury's tokens").to.equal(staked + pool + sumOf(credits) + burned);
  expect(held, "what came in").to.equal(POOL + BigInt(accounts.length) * terms.stake);

  const ledger = await readLedger(endpoint, { treasury, job: addresses.job, fromBlock: addresses.fromBlock });
  const taken = sumOf(ledger.slashed.values());
  expect(staked).to.equal(BigInt(accounts.length) * terms.stake - taken);
  const [credited, rewards] = [sumOf(ledger.credited.values()), sumOf(ledger.rewards.values())];
  const forfeited = sumOf(ledger.forfeited.values());
  expect(pool + sumOf(credits) + burned).to.equal(POOL + taken);
  expect(credited + rewards + ledger.refunded + ledger.burned).to.be.at.most(POOL + taken + forfeited);
}
