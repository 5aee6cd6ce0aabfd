import type { Address } from "../../node/core/bytes.ts";
import { fromHex } from "../../node/core/bytes.ts";
import { signDigest } from "../../node/core/signature.ts";
import { registrationDigest } from "../../node/core/typedData.ts";
import { createJob, leaveJob, readBalances, readCredit, readPool } from "../../node/chain/accounts.ts";
import { deployContracts } from "../../node/chain/deploy.ts";
import { openEndpoint } from "../../node/chain/endpoint.ts";
import { MemoryChain } from "../../node/chain/memory.ts";
import { createSender } from "../../node/chain/sender.ts";
import { createJobChain, createJobWatcher } from "../../node/chain/viemJob.ts";
import { enrol, fundAccounts, simulatedAccounts, type SimulatedAccount } from "../../node/cli/simulation/accounts.ts";
import { FIRST_ACCOUNT_KEY, startChain, type ChainProcess } from "../../node/cli/simulation/chainProcess.ts";
import { testTerms } from "../helpers/roundPlayer.ts";
import { describeChainConformance, type ChainUnderTest, type JobUnderTest } from "./chain.ts";

/** Odd, so that every division leaves something. */
const POOL = 1_000_043n;
const MEMBERS = 4;
/** Four members and one who stays outside; other accounts for every job, for a wallet registers once. */
const accountsOf = (job: number): SimulatedAccount[] => simulatedAccounts(MEMBERS + 1, 500 + job);

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
      const job = chain.createJob(sponsor, terms, POOL);
      const accounts = accountsOf(jobs++);
      for (const [index, { wallet, operator, operatorKey }] of accounts.entries()) {
        const domain = { chainId: chain.chainId, registry: chain.registry.address };
        const consent = signDigest(registrationDigest(domain, { wallet, operator, nonce: 0n }), fromHex(operatorKey));
        chain.register(wallet, operator, consent);
        chain.mint(token, wallet, terms.stake);
        if (index < MEMBERS) chain.join(job, wallet);
      }
      const players = accounts.map((account) => ({ ...account, chain: chain.jobChain(job, account.operator) }));
      return {
        terms,
        pool: POOL,
        players: players.slice(0, MEMBERS),
        outsider: players[MEMBERS]!.chain,
        async passTime(seconds) {
          now += seconds;
          chain.mine();
        },
        mine: async (blocks) => chain.mine(blocks),
        leave: async (index) => {
          chain.leave(job, accounts[index]!.wallet);
        },
        readCredit: async (account) => chain.ledgers.credits.of(token, account),
        readStake: async (wallet) => chain.ledgers.stakes.of(job, wallet),
        readPool: async () => chain.ledgers.poolOf(job),
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
  const { token, registry, court, treasury } = deployment;
  const sponsor = createSender(endpoint, FIRST_ACCOUNT_KEY);
  const request = (method: string, params: readonly unknown[]): Promise<unknown> =>
    endpoint.client.request({ method, params } as never);
  let jobs = 0;
  return {
    async openJob(change): Promise<JobUnderTest> {
      const terms = testTerms(token, change);
      const { job, blockNumber } = await createJob(sponsor, endpoint, deployment, terms, POOL);
      const accounts = accountsOf(jobs++);
      await fundAccounts(sponsor, token, terms.stake, accounts);
      await enrol(endpoint, deployment, job, terms, accounts.slice(0, MEMBERS));
      const addresses = { job, registry, court, fromBlock: blockNumber };
      const watcher = createJobWatcher(endpoint, job);
      const players = accounts.map((account) => {
        const sender = createSender(endpoint, account.operatorKey);
        return { ...account, chain: createJobChain(endpoint, addresses, terms, sender, watcher) };
      });
      return {
        terms,
        pool: POOL,
        players: players.slice(0, MEMBERS),
        outsider: players[MEMBERS]!.chain,
        async passTime(seconds) {
          await request("evm_increaseTime", [seconds]);
          await request("evm_mine", []);
        },
        mine: async (blocks) => {
          await request("hardhat_mine", [`0x${blocks.toString(16)}`]);
        },
        leave: async (index) => {
          await leaveJob(createSender(endpoint, accounts[index]!.walletKey), job);
        },
        readCredit: (account) => readCredit(endpoint, treasury, token, account),
        readStake: async (wallet) => (await readBalances(endpoint, treasury, job, token, wallet)).stake,
        readPool: () => readPool(endpoint, treasury, job),
      };
    },
    async stop() {
      await endpoint.close();
      await node.stop();
    },
  };
}
