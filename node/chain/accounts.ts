import { erc20Abi, getAbiItem, parseEventLogs, type Abi } from "viem";
import type { Address, Hex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import type { JobTerms } from "../core/jobTerms.ts";
import { jobAbi, jobFactoryAbi, registryAbi, treasuryAbi } from "./abi.ts";
import type { Receipt } from "./chain.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Sender } from "./sender.ts";

/** What wallets and sponsors do, as opposed to daemons: register, join, open jobs, claim. */

/** The contracts of a deployment. */
export interface Deployment {
  readonly chainId: number;
  readonly token: Address;
  readonly registry: Address;
  readonly treasury: Address;
  readonly court: Address;
  readonly factory: Address;
}

const lower = (address: string): Address => address.toLowerCase() as Address;

export async function readRegistrationNonce(endpoint: Endpoint, registry: Address, wallet: Address): Promise<bigint> {
  return endpoint.client.readContract({ address: registry, abi: registryAbi, functionName: "nonces", args: [wallet] });
}

/** The operator that `wallet` registered, undefined for none. */
export async function readOperator(
  endpoint: Endpoint,
  registry: Address,
  wallet: Address,
): Promise<Address | undefined> {
  const operator = await endpoint.client.readContract({
    address: registry,
    abi: registryAbi,
    functionName: "operatorOf",
    args: [wallet],
  });
  return BigInt(operator) === 0n ? undefined : lower(operator);
}

/** The wallet that registered `operator`, undefined for none. */
export async function readWallet(
  endpoint: Endpoint,
  registry: Address,
  operator: Address,
): Promise<Address | undefined> {
  const wallet = await endpoint.client.readContract({
    address: registry,
    abi: registryAbi,
    functionName: "walletOf",
    args: [operator],
  });
  return BigInt(wallet) === 0n ? undefined : lower(wallet);
}

export function register(wallet: Sender, registry: Address, operator: Address, consent: Hex): Promise<Receipt> {
  return wallet.send({
    address: registry,
    abi: registryAbi as Abi,
    functionName: "register",
    args: [operator, consent],
  });
}

/** Approves the treasury for the stake and joins. */
export async function joinJob(wallet: Sender, deployment: Deployment, job: Address, terms: JobTerms): Promise<Receipt> {
  if (terms.stake > 0n) await approve(wallet, terms.stakeToken, deployment.treasury, terms.stake);
  return wallet.send({ address: job, abi: [...jobAbi, ...treasuryErrors] as Abi, functionName: "join", args: [] });
}

/** Approves the treasury for the pool and opens the job. */
export async function createJob(
  sponsor: Sender,
  endpoint: Endpoint,
  deployment: Deployment,
  terms: JobTerms,
  pool: bigint,
): Promise<{ job: Address; blockNumber: number }> {
  await approve(sponsor, terms.token, deployment.treasury, pool);
  const abi = [...jobFactoryAbi, ...treasuryErrors] as Abi;
  const receipt = await sponsor.send({
    address: deployment.factory,
    abi,
    functionName: "createJob",
    args: [terms, pool],
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

/** Claims all credits of the sending wallet in `token`. */
export function claim(wallet: Sender, treasury: Address, token: Address): Promise<Receipt> {
  return wallet.send({ address: treasury, abi: treasuryAbi as Abi, functionName: "claim", args: [token] });
}

/** Claims all credits of `account`, to `account`; the sender pays the gas. */
export function claimFor(sender: Sender, treasury: Address, token: Address, account: Address): Promise<Receipt> {
  return sender.send({ address: treasury, abi: treasuryAbi as Abi, functionName: "claimFor", args: [token, account] });
}

/** Leaves a job: the stake unbonds and can be withdrawn later. */
export function leaveJob(wallet: Sender, job: Address): Promise<Receipt> {
  return wallet.send({ address: job, abi: jobAbi as Abi, functionName: "leave", args: [] });
}

export function withdrawStake(wallet: Sender, treasury: Address, job: Address): Promise<Receipt> {
  return wallet.send({ address: treasury, abi: treasuryAbi as Abi, functionName: "withdraw", args: [job] });
}

/** What a wallet has in a job and in the treasury, in wei. */
export interface Balances {
  readonly token: bigint;
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
  const [held, credit, stake, withdrawableAt] = await Promise.all([
    client.readContract({ address: token, abi: erc20Abi, functionName: "balanceOf", args: [wallet] }),
    client.readContract({ ...contract, functionName: "creditOf", args: [token, wallet] }),
    client.readContract({ ...contract, functionName: "stakeOf", args: [job, wallet] }),
    client.readContract({ ...contract, functionName: "withdrawableAt", args: [job, wallet] }),
  ]);
  return { token: held, credit, stake, withdrawableAt: Number(withdrawableAt) };
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
  const logs = await endpoint.client.getLogs({
    address: deployment.factory,
    event,
    args: { job },
    fromBlock: 0n,
    toBlock: "latest",
  });
  const [created] = logs;
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

const treasuryErrors = treasuryAbi.filter((item) => item.type === "error");
