import type { Address } from "../../node/core/bytes.ts";
import { fromHex } from "../../node/core/bytes.ts";
import { signDigest } from "../../node/core/signature.ts";
import { registrationDigest } from "../../node/core/typedData.ts";
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
} from "../../node/chain/accounts.ts";
import { deployContracts } from "../../node/chain/deploy.ts";
import { openEndpoint, type Endpoint } from "../../node/chain/endpoint.ts";
import { readLedger } from "../../node/chain/ledger.ts";
import { MemoryChain } from "../../node/chain/memory.ts";
import { readRegistrationNonce, register, rotate, setPayout } from "../../node/chain/registration.ts";
import { createSender, type Sender } from "../../node/chain/sender.ts";
import { createJobChain, createJobWatcher, type JobAddresses } from "../../node/chain/viemJob.ts";
import { fundAccounts, simulatedAccounts, type SimulatedAccount } from "../../node/cli/simulation/accounts.ts";
import { FIRST_ACCOUNT_KEY, startChain, type ChainProcess } from "../../node/cli/simulation/chainProcess.ts";
import { testTerms } from "../helpers/roundPlayer.ts";
import { describeChainConformance } from "./chain.ts";
import type { ChainUnderTest, JobUnderTest, Participant } from "./chain/game.ts";

/** Odd, so that every division leaves something. */
const POOL = 1_000_043n;
/** What each wallet has. */
const TOKENS = 3_000_000n;
const MEMBERS = 4;

/** Four members, one who stays outside, and operators to rotate to; others for every job, for a wallet registers once. */
function accountsOf(job: number): { all: SimulatedAccount[]; spare: SimulatedAccount[] } {
  const accounts = simulatedAccounts(MEMBERS + 2, 500 + job);
  return { all: accounts.slice(0, MEMBERS + 1), spare: accounts.slice(MEMBERS + 1) };
}

describeChainConformance("memory chain", async () => startMemoryChain());
describeChainConformance("a node behind JSON-RPC", startRealChain);

function startMemoryChain(): ChainUnderTest {
  let now = 1_700_000_000;
  const chain = new MemoryChain(() => now);
  const token: Address = `0x${"c0".repeat(20)}`;
  const sponsor: Address = `0x${"5b".repeat(20)}`;
  let jobs = 0;
  return {
    async openJob(change): Promise<JobUnderTest> {
      const terms = testTerms(token, change);
      chain.mint(token, sponsor, POOL);
      if (chain.ledgers.credits.of(token, sponsor) > 0n) chain.claim(token, sponsor);
      const job = chain.createJob(sponsor, terms, POOL);
      const { all, spare } = accountsOf(jobs++);
      const consentOf = (
        wallet: Address,
        { operator, operatorKey }: SimulatedAccount,
      ): ReturnType<typeof signDigest> => {
        const domain = { chainId: chain.chainId, registry: chain.registry.address };
        const consent = { wallet, operator, nonce: chain.registry.nonceOf(wallet) };
        return signDigest(registrationDigest(domain, consent), fromHex(operatorKey));
      };
      for (const [index, account] of all.entries()) {
        const { wallet, operator } = account;
        chain.register(wallet, operator, consentOf(wallet, account));
        chain.mint(token, wallet, TOKENS);
        if (index < MEMBERS) chain.join(job, wallet);
      }
      const participant = (account: SimulatedAccount): Participant => ({
        ...account,
        chain: chain.jobChain(job, account.operator),
      });
      const players = all.map(participant);
      return {
        terms,
        pool: POOL,
        sponsor,
        players: players.slice(0, MEMBERS),
        outsider: players[MEMBERS]!,
        async passTime(seconds) {
          now += seconds;
          chain.mine();
        },
        mine: async (blocks) => chain.mine(blocks),
        blockHash: async (blockNumber) => chain.blockHash(blockNumber),
        join: async (wallet) => void chain.join(job, wallet),
        addStake: async (wallet, amount) => void chain.addStake(job, wallet, amount),
        leave: async (wallet) => void chain.leave(job, wallet),
        unbond: async (memberId) => void chain.unbond(job, memberId),
        async rotate(wallet) {
          const [account] = spare.splice(0, 1) as [SimulatedAccount];
          chain.rotate(wallet, account.operator, consentOf(wallet, account));
          return { ...participant(account), wallet };
        },
        setPayout: async (wallet, payout) => void chain.setPayout(wallet, payout),
        claimPay: async (memberId) => void chain.claimPay(job, memberId),
        claimCredit: async (account) => void chain.claim(token, account),
        withdraw: async (wallet) => void chain.withdraw(job, wallet),
        readHeld: async (account) => chain.ledgers.balances.of(token, account),
        readCredit: async (account) => chain.ledgers.credits.of(token, account),
        readStake: async (wallet) => chain.ledgers.stakes.of(job, wallet),
        readPool: async () => chain.ledgers.poolOf(job),
        readLedger: async () => chain.ledger(job),
      };
    },
    stop: async () => undefined,
  };
}

async function startRealChain(): Promise<ChainUnderTest> {
  const node = await startChain();
  try {
    return await openRealChain(node);
  } catch (error) {
    await node.stop();
    throw error;
  }
}

async function openRealChain(node: ChainProcess): Promise<ChainUnderTest> {
  const endpoint = await openEndpoint(node.socketUrl);
  const deployment = await deployContracts({ rpcUrl: node.httpUrl, privateKey: FIRST_ACCOUNT_KEY });
  const sponsor = createSender(endpoint, FIRST_ACCOUNT_KEY);
  let jobs = 0;
  return {
    openJob: (change) => openRealJob(endpoint, deployment, sponsor, jobs++, change),
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
  number: number,
  change: Parameters<ChainUnderTest["openJob"]>[0],
): Promise<JobUnderTest> {
  const { token, registry, court, treasury } = deployment;
  if ((await readCredit(endpoint, treasury, token, sponsor.address)) > 0n) {
    await claimFor(sponsor, treasury, token, sponsor.address);
  }
  const terms = testTerms(token, change);
  const { job, blockNumber } = await createJob(sponsor, endpoint, deployment, terms, POOL);
  const { all, spare } = accountsOf(number);
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
    if (index < MEMBERS) await joinJob(wallet, deployment, job, terms);
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
    terms,
    pool: POOL,
    sponsor: sponsor.address,
    players: players.slice(0, MEMBERS),
    outsider: players[MEMBERS]!,
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
