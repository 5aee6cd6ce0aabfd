import { fromHex, type Address } from "../../../node/core/bytes.ts";
import { signDigest } from "../../../node/core/signature.ts";
import { registrationDigest } from "../../../node/core/typedData.ts";
import { MemoryChain } from "../../../node/chain/memory.ts";
import type { SimulatedAccount } from "../../../node/simulation/accounts.ts";
import { testTerms } from "../../helpers/roundPlayer.ts";
import { accountsOf, MEMBERS, POOL, TOKENS } from "./accounts.ts";
import type { ChainUnderTest, JobUnderTest, Participant } from "./game.ts";

/** The twin. */
export function startMemoryChain(): ChainUnderTest {
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
