import { erc20Abi, parseEventLogs } from "viem";
import type { Address } from "../core/bytes.ts";
import { treasuryAbi } from "./abi.ts";
import type { Endpoint } from "./endpoint.ts";

/** What the treasury's log says of one job, in wei. */
export interface JobLedger {
  /** Escrowed when the job was opened. */
  readonly pool: bigint;
  /** Slashed stake that joined the pool: what was taken less the provers' rewards. */
  readonly slashedIntoPool: bigint;
  /** Credited from the pool, by account. */
  readonly credited: ReadonlyMap<Address, bigint>;
  /** Rewards to those who proved a fault, from slashed stake, by account. */
  readonly rewards: ReadonlyMap<Address, bigint>;
  /** Back to the sponsor when the job ended. */
  readonly refunded: bigint;
  /** Stake taken, by wallet. */
  readonly slashed: ReadonlyMap<Address, bigint>;
}

export async function readLedger(
  endpoint: Endpoint,
  source: { readonly treasury: Address; readonly job: Address; readonly fromBlock: number },
): Promise<JobLedger> {
  const { treasury, fromBlock } = source;
  const logs = await endpoint.client.getLogs({ address: treasury, fromBlock: BigInt(fromBlock), toBlock: "latest" });
  const isOurs = (job: string): boolean => job.toLowerCase() === source.job;
  const credited = new Map<Address, bigint>();
  const rewards = new Map<Address, bigint>();
  const slashed = new Map<Address, bigint>();
  let pool = 0n;
  let slashedIntoPool = 0n;
  let refunded = 0n;
  for (const log of parseEventLogs({ abi: treasuryAbi, logs })) {
    if (!("job" in log.args) || !isOurs(log.args.job)) continue;
    switch (log.eventName) {
      case "JobOpened":
        pool = log.args.pool;
        break;
      case "Credited":
        add(credited, log.args.account, log.args.amount);
        break;
      case "Refunded":
        refunded = log.args.amount;
        add(credited, log.args.sponsor, -log.args.amount); // its credit is no pay
        break;
      case "StakeSlashed":
        add(slashed, log.args.wallet, log.args.taken);
        slashedIntoPool += log.args.taken - log.args.reward;
        if (log.args.reward > 0n) {
          add(rewards, log.args.rewarded, log.args.reward);
          add(credited, log.args.rewarded, -log.args.reward); // credited from stake, not from the pool
        }
        break;
    }
  }
  return { pool, slashedIntoPool, credited, rewards, refunded, slashed };
}

function add(ledger: Map<Address, bigint>, account: string, amount: bigint): void {
  const key = account.toLowerCase() as Address;
  ledger.set(key, (ledger.get(key) ?? 0n) + amount);
}

/** Tokens that `account` holds. */
export function readTokenBalance(endpoint: Endpoint, token: Address, account: Address): Promise<bigint> {
  return endpoint.client.readContract({ address: token, abi: erc20Abi, functionName: "balanceOf", args: [account] });
}
