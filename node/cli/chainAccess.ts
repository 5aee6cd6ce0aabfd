import { existsSync } from "node:fs";
import type { Address } from "../core/bytes.ts";
import { toHex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import type { JobTerms } from "../core/jobTerms.ts";
import { findJobBlock, readToken, type Deployment, type TokenInfo } from "../chain/accounts.ts";
import { openEndpoint, requireContract, type Endpoint } from "../chain/endpoint.ts";
import { createSender, type Sender } from "../chain/sender.ts";
import { readTerms } from "../chain/viemJob.ts";
import { openHome, readDeployment, type Home, type JobRef } from "../daemon/home/home.ts";
import { openKeystore } from "../daemon/home/keystore.ts";
import { DEFAULT_DEPLOYMENT, DEFAULT_HOME, DEFAULT_RPC, type ChainOptions, type WalletOptions } from "./options.ts";
import { readPassword, walletPassword } from "./password.ts";

/** A connection to the contracts of one deployment. */
export interface ChainAccess {
  readonly endpoint: Endpoint;
  readonly deployment: Deployment;
  readonly token: TokenInfo;
}

/**
 * Connects to the endpoint and checks that the deployment is there. What is not given comes from the home.
 * @throws PacelineError `not-found`, `wrong-chain`, `chain-unreachable`
 */
export async function openChain(options: ChainOptions, home?: Home): Promise<ChainAccess> {
  const deployment = deploymentOf(options, home);
  const endpoint = await openEndpoint(options.rpc ?? home?.config.rpc ?? DEFAULT_RPC, deployment.chainId);
  await requireContract(endpoint, deployment.registry, "registry");
  await requireContract(endpoint, deployment.factory, "job factory");
  return { endpoint, deployment, token: await readToken(endpoint, deployment.token) };
}

function deploymentOf(options: ChainOptions, home: Home | undefined): Deployment {
  if (options.deployment !== undefined) return readDeployment(options.deployment);
  if (home?.config.deployment !== undefined) return home.config.deployment;
  if (existsSync(DEFAULT_DEPLOYMENT)) return readDeployment(DEFAULT_DEPLOYMENT);
  throw new PacelineError(
    "not-found",
    "the contracts' addresses are not known: give --deployment FILE, which who deployed them has (`paceline deploy`)",
  );
}

/** Runs `work` with a connection that is closed afterwards. */
export async function withChainAccess<T>(
  options: ChainOptions,
  home: Home | undefined,
  work: (chain: ChainAccess) => Promise<T>,
): Promise<T> {
  const chain = await openChain(options, home);
  try {
    return await work(chain);
  } finally {
    await chain.endpoint.close();
  }
}

/** The home if there is one; a home that was asked for by name must be there. */
export function homeIfAny(folder: string): Home | undefined {
  return folder === DEFAULT_HOME && !existsSync(folder) ? undefined : openHome(folder);
}

/** The account that pays for a command's transactions. */
export async function openWallet({ wallet, walletPasswordFile }: WalletOptions, endpoint: Endpoint): Promise<Sender> {
  return createSender(
    endpoint,
    toHex(await openKeystore(wallet, await readPassword(walletPassword(walletPasswordFile)))),
  );
}

/** A job on the chain: the one that was named, else the home's. */
export interface JobAccess {
  readonly job: Address;
  readonly terms: JobTerms;
}

/** @throws PacelineError `bad-input` where none is known, `wrong-chain` where there is no job at the address */
export async function openJob({ endpoint }: ChainAccess, named: Address | undefined, home?: Home): Promise<JobAccess> {
  const job = named ?? home?.job?.address;
  if (job === undefined)
    throw new PacelineError("bad-input", "which job is not known: give --job ADDRESS, which the sponsor has");
  return { job, terms: await readTerms(endpoint, job) };
}

/** The job with the block that its history starts in: known to the home, or found on the chain. */
export async function jobRef(
  { endpoint, deployment }: ChainAccess,
  job: Address,
  home: Home | undefined,
  file?: string,
): Promise<JobRef> {
  const known = home?.config.jobs.find(({ address }) => address === job);
  const fromBlock = known?.fromBlock ?? (await findJobBlock(endpoint, deployment, job));
  const path = file ?? known?.file;
  return { address: job, fromBlock, ...(path === undefined ? {} : { file: path }) };
}
