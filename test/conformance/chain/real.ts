import { fromHex, type Address } from "../../../node/core/bytes.ts";
import { signDigest } from "../../../node/core/signature.ts";
import { registrationDigest } from "../../../node/core/typedData.ts";
import {
  addStake,
  claimFor,
  claimPay,
  createJob,
  joinJob,
  leaveJob,
  readBalances,
  readCredit,
  readHeld,
  readPool,
  unbond,
  withdrawStake,
  type Deployment,
} from "../../../node/chain/accounts.ts";
import { deployContracts } from "../../../node/chain/deploy.ts";
import { openEndpoint, type Endpoint } from "../../../node/chain/endpoint.ts";
import { readLedger } from "../../../node/chain/ledger.ts";
import { readRegistrationNonce, register, rotate, setPayout } from "../../../node/chain/registration.ts";
import { createSender, type Sender } from "../../../node/chain/sender.ts";
import { createJobWatcher } from "../../../node/chain/jobWatcher.ts";
import { createJobChain, type JobAddresses } from "../../../node/chain/viemJob.ts";
import { fundAccounts } from "../../../node/cli/simulation/accounts.ts";
import type { SimulatedAccount } from "../../../node/simulation/accounts.ts";
import { FIRST_ACCOUNT_KEY, startChain, type ChainProcess } from "../../../node/cli/simulation/chainProcess.ts";
import { testTerms } from "../../helpers/roundPlayer.ts";
import { accountsOf, MEMBERS, POOL, TOKENS } from "./accounts.ts";
import type { ChainUnderTest, JobUnderTest, Participant } from "./game.ts";

/** A Hardhat node behind JSON-RPC, with the contracts. */
export interface RealChain extends ChainUnderTest {
  readonly rpcUrl: string;
  readonly endpoint: Endpoint;
  readonly deployment: Deployment;
  /** In the order in which they were opened. */
  readonly jobs: readonly RealJob[];
  /** @param members that join */
  openJob(change?: Parameters<ChainUnderTest["openJob"]>[0], members?: number): Promise<RealJob>;
}

export interface RealJob extends JobUnderTest {
  readonly addresses: JobAddresses;
  /** Of the members and the one outside. */
  readonly accounts: readonly SimulatedAccount[];
}

export async function startRealChain(): Promise<RealChain> {
  const node = await startChain();
  try {
    return await openRealChain(node);
  } catch (error) {
    await node.stop();
    throw error;
  }
}

async function openRealChain(node: ChainProcess): Promise<RealChain> {
  const endpoint = await openEndpoint(node.socketUrl);
  const deployment = await deployContracts({ rpcUrl: node.httpUrl, privateKey: FIRST_ACCOUNT_KEY });
  const sponsor = createSender(endpoint, FIRST_ACCOUNT_KEY);
  const jobs: RealJob[] = [];
  return {
    rpcUrl: node.httpUrl,
    endpoint,
    deployment,
    jobs,
    async openJob(change, members = MEMBERS) {
      const job = await openRealJob(endpoint, deployment, sponsor, { number: jobs.length, members }, change);
      jobs.push(job);
      return job;
    },
    async stop() {
      await endpoint.close();
      await node.stop();
    },
  };
}

async function openRealJob(
  endpoint: Endpoint,
  deployment: Deployment,
  sponsor: Sender,
  { number, members }: { readonly number: number; readonly members: number },
  change: Parameters<ChainUnderTest["openJob"]>[0],
): Promise<RealJob> {
  const { token, registry, court, treasury } = deployment;
  if ((await readCredit(endpoint, treasury, token, sponsor.address)) > 0n) {
    await claimFor(sponsor, treasury, token, sponsor.address);
  }
  const terms = testTerms(token, change);
  const { job, blockNumber } = await createJob(sponsor, endpoint, deployment, terms, POOL);
  const { all, spare } = accountsOf(number, members);
  await fundAccounts(sponsor, token, TOKENS, all);
  const wallets = new Map(all.map(({ wallet, walletKey }) => [wallet, createSender(endpoint, walletKey)]));
  const walletOf = (wallet: Address): Sender => wallets.get(wallet)!;
  const consentOf = async (
    wallet: Address,
    { operator, operatorKey }: SimulatedAccount,
  ): Promise<ReturnType<typeof signDigest>> => {
    const nonce = await readRegistrationNonce(endpoint, registry, wallet);
    const domain = { chainId: deployment.chainId, registry };
    return signDigest(registrationDigest(domain, { wallet, operator, nonce }), fromHex(operatorKey));
  };
  for (const [index, account] of all.entries()) {
    const wallet = walletOf(account.wallet);
    await register(wallet, registry, account.operator, await consentOf(account.wallet, account));
    if (index < members) await joinJob(wallet, deployment, job, terms);
  }
  const addresses: JobAddresses = { job, registry, court, fromBlock: blockNumber };
  const watcher = createJobWatcher(endpoint, addresses);
  const participant = (account: SimulatedAccount): Participant => {
    const sender = createSender(endpoint, account.operatorKey);
    return { ...account, chain: createJobChain(endpoint, addresses, terms, sender, watcher) };
  };
  const players = all.map(participant);
  const request = (method: string, params: readonly unknown[]): Promise<unknown> =>
    endpoint.client.request({ method, params } as never);
  return {
    addresses,
    accounts: all,
    terms,
    pool: POOL,
    sponsor: sponsor.address,
    players: players.slice(0, members),
    outsider: players[members]!,
    async passTime(seconds) {
      await request("evm_increaseTime", [seconds]);
      await request("evm_mine", []);
    },
    async mine(blocks) {
      await request("hardhat_mine", [`0x${blocks.toString(16)}`]);
    },
    blockHash: async (block) => (await endpoint.client.getBlock({ blockNumber: BigInt(block) })).hash,
    join: async (wallet) => void (await joinJob(walletOf(wallet), deployment, job, terms)),
    addStake: async (wallet, amount) => void (await addStake(walletOf(wallet), deployment, job, terms, amount)),
    leave: async (wallet) => void (await leaveJob(walletOf(wallet), job)),
    unbond: async (memberId) => void (await unbond(sponsor, job, memberId)),
    async rotate(wallet) {
      const [account] = spare.splice(0, 1) as [SimulatedAccount];
      await sponsor.pay(account.operator, 10n ** 18n);
      await rotate(walletOf(wallet), registry, account.operator, await consentOf(wallet, account));
      return { ...participant(account), wallet };
    },
    setPayout: async (wallet, payout) => void (await setPayout(walletOf(wallet), registry, payout)),
    claimPay: async (memberId) => void (await claimPay(sponsor, job, memberId)),
    claimCredit: async (account) => void (await claimFor(sponsor, treasury, token, account)),
    withdraw: async (wallet) => void (await withdrawStake(walletOf(wallet), treasury, job)),
    readHeld: (account) => readHeld(endpoint, token, account),
    readCredit: (account) => readCredit(endpoint, treasury, token, account),
    readStake: async (wallet) => (await readBalances(endpoint, treasury, job, token, wallet)).stake,
    readPool: () => readPool(endpoint, treasury, job),
    readLedger: () => readLedger(endpoint, { treasury, job, fromBlock: blockNumber }),
  };
}
