import { randomBytes } from "node:crypto";
import { erc20Abi, getAbiItem, parseEventLogs, type Abi } from "viem";
import { toHex, type Address, type Hex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import type { JobTerms } from "../core/jobTerms.ts";
import type { Member } from "../core/roundView.ts";
import { jobAbi, jobFactoryAbi, treasuryAbi } from "./abi.ts";
import type { Receipt } from "./chain.ts";
import type { Endpoint } from "./endpoint.ts";
import { findLastLog } from "./logs.ts";
import type { Sender } from "./sender.ts";
import { toMember } from "./snapshots.ts";

/** What wallets and sponsors do, as opposed to daemons: join, open jobs, claim. */

/** The contracts of a deployment. */
export interface Deployment {
  readonly chainId: number;
  readonly token: Address;
  readonly registry: Address;
  readonly treasury: Address;
  readonly court: Address;
  readonly factory: Address;
}

const treasuryErrors = treasuryAbi.filter((item) => item.type === "error");
/** With the errors of the contracts that they call. */
const JOB_ABI = [...jobAbi, ...treasuryErrors] as Abi;
const TREASURY_ABI = treasuryAbi as Abi;

const lower = (address: string): Address => address.toLowerCase() as Address;

/** Approves the treasury for the stake and joins. @param amount of stake to lock; the least one if not given */
export async function joinJob(
  wallet: Sender,
  deployment: Deployment,
  job: Address,
  terms: JobTerms,
  amount = terms.stake,
): Promise<Receipt> {
  if (amount > 0n) await approve(wallet, terms.stakeToken, deployment.treasury, amount);
  return wallet.send({ address: job, abi: JOB_ABI, functionName: "join", args: [amount] });
}

/** Approves the treasury for more stake and locks it. */
export async function addStake(
  wallet: Sender,
  deployment: Deployment,
  job: Address,
  terms: JobTerms,
  amount: bigint,
): Promise<Receipt> {
  await approve(wallet, terms.stakeToken, deployment.treasury, amount);
  return wallet.send({ address: job, abi: JOB_ABI, functionName: "addStake", args: [amount] });
}

/** Tells a job of the operator that the member's wallet has rotated to. Anyone. */
export function refreshOperator(sender: Sender, job: Address, memberId: number): Promise<Receipt> {
  return sender.send({ address: job, abi: JOB_ABI, functionName: "refreshOperator", args: [memberId] });
}

/**
 * Approves the treasury for the pool and opens the job.
 * @param salt decides the job's address, with the sponsor and the terms; of 32 bytes, drawn if not given
 */
export async function createJob(
  sponsor: Sender,
  endpoint: Endpoint,
  deployment: Deployment,
  terms: JobTerms,
  pool: bigint,
  salt: Hex = toHex(randomBytes(32)),
): Promise<{ job: Address; blockNumber: number }> {
  await approve(sponsor, terms.token, deployment.treasury, pool);
  const abi = [...jobFactoryAbi, ...treasuryErrors] as Abi;
  const receipt = await sponsor.send({
    address: deployment.factory,
    abi,
    functionName: "createJob",
    args: [terms, pool, salt],
  });
  const block = BigInt(receipt.blockNumber);
  const logs = await endpoint.client.getLogs({ address: deployment.factory, fromBlock: block, toBlock: block });
  const created = parseEventLogs({ abi: jobFactoryAbi, logs, eventName: "JobCreated" }).filter(
    ({ args }) => lower(args.sponsor) === sponsor.address,
  );
  const last = created[created.length - 1];
  if (last === undefined)
    throw new PacelineError("rejected", "the factory made no job: see the transaction on the chain", {
      block: receipt.blockNumber,
    });
  return { job: lower(last.args.job), blockNumber: receipt.blockNumber };
}

function approve(owner: Sender, token: Address, spender: Address, amount: bigint): Promise<Receipt> {
  return owner.send({ address: token, abi: erc20Abi as Abi, functionName: "approve", args: [spender, amount] });
}

export function transfer(from: Sender, token: Address, to: Address, amount: bigint): Promise<Receipt> {
  return from.send({ address: token, abi: erc20Abi as Abi, functionName: "transfer", args: [to, amount] });
}

/** Sends what a member has earned in a job to its wallet's payout address; the sender pays the gas. */
export function claimPay(sender: Sender, job: Address, memberId: number): Promise<Receipt> {
  return sender.send({ address: job, abi: JOB_ABI, functionName: "claim", args: [memberId] });
}

/** Sends the credits of `account` (a keeper's, a prover's, a sponsor's) to its payout address; the sender pays the gas. */
export function claimFor(sender: Sender, treasury: Address, token: Address, account: Address): Promise<Receipt> {
  return sender.send({ address: treasury, abi: TREASURY_ABI, functionName: "claimFor", args: [token, account] });
}

/** Leaves a job: the stake unbonds when the member's last round is over, and can be withdrawn later. */
export function leaveJob(wallet: Sender, job: Address): Promise<Receipt> {
  return wallet.send({ address: job, abi: JOB_ABI, functionName: "leaveJob", args: [] });
}

/** Starts the unbonding of a member's stake whose last round is over. Anyone. */
export function unbond(sender: Sender, job: Address, memberId: number): Promise<Receipt> {
  return sender.send({ address: job, abi: JOB_ABI, functionName: "unbond", args: [memberId] });
}

/** Sends unbonded stake to the wallet's payout address. */
export function withdrawStake(wallet: Sender, treasury: Address, job: Address): Promise<Receipt> {
  return wallet.send({ address: treasury, abi: TREASURY_ABI, functionName: "withdraw", args: [job] });
}

/** A wallet's membership in a job. */
export interface Membership {
  readonly memberId: number;
  readonly member: Member;
}

/** Undefined for a wallet that never joined. */
export async function readMembership(
  { client }: Endpoint,
  job: Address,
  wallet: Address,
): Promise<Membership | undefined> {
  const contract = { address: job, abi: jobAbi } as const;
  const next = await client.readContract({ ...contract, functionName: "memberIdPlusOne", args: [wallet] });
  if (next === 0n) return undefined;
  const [raw] = await client.readContract({ ...contract, functionName: "members", args: [next - 1n, next] });
  return raw === undefined ? undefined : { memberId: Number(next) - 1, member: toMember(raw) };
}

/** Whether `wallet` trains or sits in the running round: its stake cannot be withdrawn meanwhile. */
export function readIsDrawn({ client }: Endpoint, job: Address, wallet: Address): Promise<boolean> {
  return client.readContract({ address: job, abi: jobAbi, functionName: "isDrawn", args: [wallet] });
}

/** What a wallet has in a job and in the treasury, in wei. */
export interface Balances {
  readonly token: bigint;
  /** Pay as a member that the job owes. */
  readonly earned: bigint;
  /** In the treasury: of a keeper, a prover, a sponsor. */
  readonly credit: bigint;
  readonly stake: bigint;
  /** Seconds since the epoch; 0 while the stake is not unbonding. */
  readonly withdrawableAt: number;
}

export async function readBalances(
  endpoint: Endpoint,
  treasury: Address,
  job: Address,
  token: Address,
  wallet: Address,
): Promise<Balances> {
  const { client } = endpoint;
  const contract = { address: treasury, abi: treasuryAbi } as const;
  const [membership, held, credit, stake, withdrawableAt] = await Promise.all([
    readMembership(endpoint, job, wallet),
    client.readContract({ address: token, abi: erc20Abi, functionName: "balanceOf", args: [wallet] }),
    client.readContract({ ...contract, functionName: "creditOf", args: [token, wallet] }),
    client.readContract({ ...contract, functionName: "stakeOf", args: [job, wallet] }),
    client.readContract({ ...contract, functionName: "withdrawableAt", args: [job, wallet] }),
  ]);
  const earned = membership?.member.credit ?? 0n;
  return { token: held, earned, credit, stake, withdrawableAt: Number(withdrawableAt) };
}

/** What a token calls itself. */
export interface TokenInfo {
  readonly address: Address;
  readonly symbol: string;
  readonly decimals: number;
}

export async function readToken(endpoint: Endpoint, token: Address): Promise<TokenInfo> {
  const contract = { address: token, abi: erc20Abi } as const;
  const [symbol, decimals] = await Promise.all([
    endpoint.client.readContract({ ...contract, functionName: "symbol" }),
    endpoint.client.readContract({ ...contract, functionName: "decimals" }),
  ]);
  return { address: token, symbol, decimals };
}

/** What `account` holds of `token`, in wei. */
export function readHeld(endpoint: Endpoint, token: Address, account: Address): Promise<bigint> {
  return endpoint.client.readContract({ address: token, abi: erc20Abi, functionName: "balanceOf", args: [account] });
}

/** Credits of `account` that it can claim, in wei. */
export function readCredit(endpoint: Endpoint, treasury: Address, token: Address, account: Address): Promise<bigint> {
  return endpoint.client.readContract({
    address: treasury,
    abi: treasuryAbi,
    functionName: "creditOf",
    args: [token, account],
  });
}

/** The block in which the factory made `job`. Throws PacelineError `wrong-chain` where it made no such job. */
export async function findJobBlock(endpoint: Endpoint, deployment: Deployment, job: Address): Promise<number> {
  const event = getAbiItem({ abi: jobFactoryAbi, name: "JobCreated" });
  const query = { address: deployment.factory, events: [event], args: { job } };
  const created = await findLastLog(endpoint, query, Number(await endpoint.client.getBlockNumber()), 0);
  if (created === undefined) {
    throw new PacelineError(
      "wrong-chain",
      `the factory ${deployment.factory} made no job ${job}: check the address, and that the deployment file is the sponsor's`,
    );
  }
  return Number(created.blockNumber);
}

export function readPool(endpoint: Endpoint, treasury: Address, job: Address): Promise<bigint> {
  return endpoint.client.readContract({ address: treasury, abi: treasuryAbi, functionName: "poolOf", args: [job] });
}
