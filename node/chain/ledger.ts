import { erc20Abi, getAbiItem, parseEventLogs, type ParseEventLogsReturnType } from "viem";
import type { Address } from "../core/bytes.ts";
import { bitsOf } from "../core/roundView.ts";
import { jobAbi, treasuryAbi } from "./abi.ts";
import type { Endpoint } from "./endpoint.ts";
import { readLogs } from "./logs.ts";

/** What the log says of one job's money, in wei. Accounts without an amount are left out. */
export interface JobLedger {
  /** Escrowed when the job was opened. */
  readonly pool: bigint;
  /** Slashed stake that joined the pool: what was taken less the provers' rewards. */
  readonly slashedIntoPool: bigint;
  /** From the pool, by account: what contributors and judges earned, and keepers were credited. */
  readonly credited: ReadonlyMap<Address, bigint>;
  /** Rewards to those who proved a fault, from slashed stake, by account. */
  readonly rewards: ReadonlyMap<Address, bigint>;
  /** Of what members earned, what has been sent out, by wallet. */
  readonly claimed: ReadonlyMap<Address, bigint>;
  /** Of what members earned, what a fault has cost them and was burned, by wallet. */
  readonly forfeited: ReadonlyMap<Address, bigint>;
  /** Credited to the sponsor when the job ended. */
  readonly refunded: bigint;
  /** Slashed stake that nobody had earned when the job ended. */
  readonly burned: bigint;
  /** Stake taken, by wallet. */
  readonly slashed: ReadonlyMap<Address, bigint>;
}

/**
 * Reads a job's ledger from its own log and the treasury's. Until the job ends, pool + slashedIntoPool less what was credited
 * is left to be earned; at the end that is refunded + burned. Throws PacelineError `chain-unreachable`.
 */
export async function readLedger(
  endpoint: Endpoint,
  source: { readonly treasury: Address; readonly job: Address; readonly fromBlock: number },
): Promise<JobLedger> {
  const { job, treasury, fromBlock } = source;
  const ledger = { ...newTally(), credited: await readEarned(endpoint, job, fromBlock) };
  const logs = await readLogs(endpoint, { address: treasury, events: TREASURY_EVENTS }, fromBlock);
  const ours = parseEventLogs({ abi: treasuryAbi, logs, eventName: [...TREASURY_NAMES] }).filter(
    ({ args }) => lower(args.job) === job,
  );
  for (const [index, log] of ours.entries()) tally(ledger, log, ours[index + 1]);
  return ledger;
}

const TREASURY_NAMES = ["JobOpened", "Credited", "PaidOut", "Forfeited", "StakeSlashed", "Refunded"] as const;
const TREASURY_EVENTS = TREASURY_NAMES.map((name) => getAbiItem({ abi: treasuryAbi, name }));
const JOB_NAMES = ["Joined", "RoundDrawn", "RoundSettled"] as const;
const JOB_EVENTS = JOB_NAMES.map((name) => getAbiItem({ abi: jobAbi, name }));
type TreasuryLog = ParseEventLogsReturnType<typeof treasuryAbi, (typeof TREASURY_NAMES)[number][], true>[number];

const lower = (address: string): Address => address.toLowerCase() as Address;

/** What contributors and judges earned, by wallet. */
async function readEarned(endpoint: Endpoint, job: Address, fromBlock: number): Promise<Map<Address, bigint>> {
  const logs = await readLogs(endpoint, { address: job, events: JOB_EVENTS }, fromBlock);
  const wallets = new Map<number, Address>();
  const credited = new Map<Address, bigint>();
  let [cohort, seats]: (readonly number[])[] = [[], []];
  const credit = (memberId: number | undefined, amount: bigint | undefined): void => {
    const wallet = wallets.get(memberId ?? -1);
    if (wallet !== undefined) add(credited, wallet, amount ?? 0n);
  };
  for (const { eventName, args } of parseEventLogs({ abi: jobAbi, logs, eventName: [...JOB_NAMES] })) {
    if (eventName === "Joined") wallets.set(args.memberId, lower(args.wallet));
    if (eventName === "RoundDrawn") [cohort, seats] = [args.cohort, args.seats];
    if (eventName !== "RoundSettled") continue;
    const positions = bitsOf(args.includedMask);
    positions.forEach((position, index) => credit(cohort?.[position], args.contributorsPay[index]));
    args.judgesPay.forEach((amount, seat) => credit(seats?.[seat], amount));
  }
  return credited;
}

type Tally = {
  -readonly [Field in keyof JobLedger]: JobLedger[Field] extends bigint ? bigint : Map<Address, bigint>;
} & {
  /** Stake and pool are in one token, and the pool has not ended: slashed stake joins it. */
  keepsSlashed: boolean;
};

function newTally(): Tally {
  const [pool, slashedIntoPool, refunded, burned] = [0n, 0n, 0n, 0n];
  const maps = {
    credited: new Map(),
    rewards: new Map(),
    claimed: new Map(),
    forfeited: new Map(),
    slashed: new Map(),
  };
  return { pool, slashedIntoPool, refunded, burned, ...maps, keepsSlashed: false };
}

/** @param next of the job's logs: it says what a credit is for, and whose pay was forfeited */
function tally(ledger: Tally, { eventName, args }: TreasuryLog, next: TreasuryLog | undefined): void {
  switch (eventName) {
    case "JobOpened":
      ledger.pool = args.pool;
      ledger.keepsSlashed = lower(args.token) === lower(args.stakeToken);
      break;
    case "Credited":
      if (!isOtherThanPay(next)) add(ledger.credited, lower(args.account), args.amount);
      break;
    case "PaidOut":
      add(ledger.claimed, lower(args.wallet), args.amount);
      break;
    case "Forfeited":
      if (next?.eventName === "StakeSlashed") add(ledger.forfeited, lower(next.args.wallet), args.amount);
      break;
    case "StakeSlashed":
      add(ledger.slashed, lower(args.wallet), args.taken);
      add(ledger.rewards, lower(args.rewarded), args.reward);
      if (ledger.keepsSlashed) ledger.slashedIntoPool += args.taken - args.reward;
      break;
    case "Refunded":
      ledger.refunded = args.amount;
      ledger.burned = args.burned;
      ledger.keepsSlashed = false;
      break;
  }
}

/** Whether a credit before this log is a prover's reward or the sponsor's refund. */
function isOtherThanPay(next: TreasuryLog | undefined): boolean {
  if (next?.eventName === "StakeSlashed") return next.args.reward > 0n;
  return next?.eventName === "Refunded" && next.args.amount > 0n;
}

function add(ledger: Map<Address, bigint>, account: Address, amount: bigint): void {
  if (amount > 0n) ledger.set(account, (ledger.get(account) ?? 0n) + amount);
}

/** Tokens that `account` holds. */
export function readTokenBalance(endpoint: Endpoint, token: Address, account: Address): Promise<bigint> {
  return endpoint.client.readContract({ address: token, abi: erc20Abi, functionName: "balanceOf", args: [account] });
}
