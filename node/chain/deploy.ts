import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { readDeploymentParameters } from "@nomicfoundation/hardhat-ignition/helpers";
import type { Hex } from "../core/bytes.ts";
import { toAddress, type Address } from "../core/bytes.ts";
import { messageOf, PacelineError } from "../core/errors.ts";
import type { Deployment } from "./accounts.ts";

/** Deploys with an Ignition module, the only way that the contracts come onto a chain. */

export interface DeployOptions {
  /** http:// or https:// */
  readonly rpcUrl: string;
  /** Pays for the deployment and, where the parameters name no other holder, receives PACE; it keeps no power. */
  readonly privateKey: Hex;
  /**
   * A JSON or JSON5 file with the parameters of the module `Paceline` (open mode) or of `Consortium`, and by that the choice
   * between them: see ignition/parameters. Without it: `Paceline` with its defaults.
   */
  readonly parameters?: string;
  /**
   * Where Ignition keeps its journal: a deployment that broke off goes on from there, and one that is complete is not made
   * again. Without it everything is deployed anew and the journal is thrown away.
   */
  readonly deploymentDir?: string;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const POLLING_MS = 50;

/**
 * Compiles where needed, deploys, and tells the addresses.
 * @throws PacelineError `chain-unreachable`, `insufficient-funds`, `bad-input` for another scheme or unusable parameters,
 * `rejected`
 */
export async function deployContracts(options: DeployOptions): Promise<Deployment> {
  if (!/^https?:\/\//.test(options.rpcUrl))
    throw new PacelineError("bad-input", `deploying needs an http:// or https:// endpoint, got ${options.rpcUrl}`);
  const folder = await mkdtemp(join(tmpdir(), "paceline-deploy-"));
  try {
    return await deployFrom(folder, options);
  } catch (error) {
    throw explainDeployment(error, options.rpcUrl);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param folder for what is of no use afterwards */
async function deployFrom(
  folder: string,
  { rpcUrl, privateKey, parameters: file, deploymentDir }: DeployOptions,
): Promise<Deployment> {
  // Hardhat is loaded only here: a daemon never needs it.
  const [{ createHardhatRuntimeEnvironment }, { default: config }, { default: Paceline }, { default: Consortium }] =
    await Promise.all([
      import("hardhat/hre"),
      import("../../hardhat.config.ts"),
      import("../../ignition/modules/Paceline.ts"),
      import("../../ignition/modules/Consortium.ts"),
    ]);
  const { isConsortium, parameters } = await readParameters(file);
  const networks = { ...config.networks, target: { type: "http" as const, url: rpcUrl, accounts: [privateKey] } };
  const cache = await copyCompilerCache(folder);
  const paths = { ...config.paths, cache, ignition: deploymentDir ?? join(folder, "ignition") };
  const hre = await createHardhatRuntimeEnvironment(
    { ...config, networks, paths },
    { config: join(ROOT, "hardhat.config.ts") },
    ROOT,
  );
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
  const connection = await hre.network.create("target");
  try {
    const chainId = Number(await connection.provider.request({ method: "eth_chainId" }));
    const pace = deploymentDir === undefined ? { config: { blockPollingInterval: POLLING_MS } } : {};
    const options = { ...pace, parameters, deploymentId: `chain-${chainId}` };
    const contracts = isConsortium
      ? await connection.ignition.deploy(Consortium, options)
      : await connection.ignition.deploy(Paceline, options);
    const addressOf = async (contract: { getAddress(): Promise<string> }): Promise<Address> =>
      toAddress(await contract.getAddress());
    return {
      chainId,
      token: await addressOf(contracts.token),
      registry: await addressOf(contracts.registry),
      treasury: await addressOf(contracts.treasury),
      court: await addressOf(contracts.court),
      factory: await addressOf(contracts.factory),
    };
  } finally {
    await connection.close();
  }
}

/** Every build writes Hardhat's cache, also one with nothing to do; of two at a time one fails, or leaves the cache in pieces. */
async function copyCompilerCache(folder: string): Promise<string> {
  const cache = join(folder, "cache");
  const known = "compile-cache.json";
  await cp(join(ROOT, "cache", known), join(cache, known)).catch(() => undefined); // then everything is compiled
  return cache;
}

type Parameters = Awaited<ReturnType<typeof readDeploymentParameters>>;

async function readParameters(
  file: string | undefined,
): Promise<{ readonly isConsortium: boolean; readonly parameters: Parameters }> {
  if (file === undefined) return { isConsortium: false, parameters: {} };
  const helpers = await import("@nomicfoundation/hardhat-ignition/helpers");
  const parameters = await helpers.readDeploymentParameters(file).catch((error: unknown) => {
    throw new PacelineError("bad-input", `${file} holds no parameters: ${causes(error).map(messageOf).join(" ")}`);
  });
  const [module, ...others] = Object.keys(parameters);
  if ((module !== "Paceline" && module !== "Consortium") || others.length > 0) {
    throw new PacelineError(
      "bad-input",
      `${file} must name one module, Paceline or Consortium: see ignition/parameters`,
    );
  }
  return { isConsortium: module === "Consortium", parameters };
}

function explainDeployment(error: unknown, rpcUrl: string): PacelineError {
  if (error instanceof PacelineError) return error;
  const text = causes(error).map(messageOf).join(" ");
  if (/insufficient funds|doesn't have enough funds|exceeds the balance/i.test(text)) {
    return new PacelineError(
      "insufficient-funds",
      "the wallet has too little to pay for the deployment: send it some of the chain's coin",
      {},
      error,
    );
  }
  if (/ECONNREFUSED|ENOTFOUND|Cannot connect|ConnectionRefused|timed? ?out|fetch failed/i.test(text)) {
    return new PacelineError(
      "chain-unreachable",
      `no chain answers at ${rpcUrl}: start one, or check the URL`,
      { url: rpcUrl },
      error,
    );
  }
  return new PacelineError("rejected", `the deployment failed: ${messageOf(error)}`, {}, error);
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (
    let each = error;
    each !== undefined && each !== null && chain.length < 8;
    each = (each as { cause?: unknown }).cause
  )
    chain.push(each);
  return chain;
}
