import { treasuryAbi } from "../../node/chain/abi.ts";
import { readBalances, readCredit, readHeld, readPool } from "../../node/chain/accounts.ts";
import { readLedger } from "../../node/chain/ledger.ts";
import { createSender } from "../../node/chain/sender.ts";
import { FIRST_ACCOUNT_KEY } from "../../node/cli/simulation/chainProcess.ts";
import { POOL } from "../e2e/testChain.ts";
import type { Ground } from "./ground.ts";

const sumOf = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((sum, amount) => sum + amount, 0n);
/** The round goes on while its ledgers are read. */
const MAX_READS = 50;

/** What is wrong with the money of a job that runs, at one block: nothing where every wei is somebody's. */
export async function moneyProblems(ground: Ground): Promise<readonly string[]> {
  const { client } = ground.federation.endpoint;
  for (let read = 0; read < MAX_READS; read++) {
    const before = await client.getBlockNumber();
    const problems = await problemsNow(ground);
    if ((await client.getBlockNumber()) === before || problems.length === 0) return problems;
  }
  return [`no block stood still while the ledgers were read ${MAX_READS} times`];
}

async function problemsNow({ federation }: Ground): Promise<readonly string[]> {
  const { endpoint, deployment, openJob } = federation;
  const { token, treasury } = deployment;
  const { accounts, addresses, terms } = openJob;
  const wallets = accounts.map(({ wallet }) => wallet);
  const everybody = [
    createSender(endpoint, FIRST_ACCOUNT_KEY).address,
    ...wallets,
    ...accounts.map(({ operator }) => operator),
  ];
  const [balances, credits, pool, held, burned, ledger] = await Promise.all([
    Promise.all(wallets.map((wallet) => readBalances(endpoint, treasury, addresses.job, token, wallet))),
    Promise.all(everybody.map((account) => readCredit(endpoint, treasury, token, account))),
    readPool(endpoint, treasury, addresses.job),
    readHeld(endpoint, token, treasury),
    endpoint.client.readContract({ address: treasury, abi: treasuryAbi, functionName: "burned", args: [token] }),
    readLedger(endpoint, { treasury, job: addresses.job, fromBlock: addresses.fromBlock }),
  ]);
  const staked = sumOf(balances.map(({ stake }) => stake));
  const earned = sumOf(balances.map((each) => each.earned));
  const kept = sumOf(credits); // by keepers and provers
  const taken = sumOf(ledger.slashed.values());
  const locked = BigInt(accounts.length) * terms.stake;
  const facts: readonly (readonly [string, bigint, bigint])[] = [
    ["the treasury's tokens, and what came in", held, POOL + locked],
    ["the treasury's tokens, and what it owes", held, staked + pool + kept + burned],
    ["the stakes, and what was locked less what was slashed", staked, locked - taken],
    ["pool and keepers' pay, and the escrow with what was slashed", pool + kept, POOL + taken - burned],
    [
      "what was credited, and what members and keepers have",
      sumOf(ledger.credited.values()) - sumOf(ledger.forfeited.values()),
      earned + kept - sumOf(ledger.rewards.values()),
    ],
  ];
  return facts.flatMap(([what, one, other]) => (one === other ? [] : [`${what}: ${one} is not ${other}`]));
}
