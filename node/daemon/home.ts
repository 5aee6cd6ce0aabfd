import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Deployment } from "../chain/accounts.ts";
import { toAddress, type Address } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import { createPrivateFile, readJsonFile, replaceFile } from "./files.ts";

/**
 * A participant's home folder: `operator.json` (the daemon's key, encrypted), `config.json` (what was set once and need not be
 * given again), `jobs/…/` (records and blobs, one folder a job). The wallet's key has no place here.
 */

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "expected an address of 20 bytes, 0x…")
  .transform(toAddress);

export const deploymentSchema = z.object({
  chainId: z.int().min(1),
  token: address,
  registry: address,
  treasury: address,
  court: address,
  factory: address,
});

const configSchema = z.strictObject({
  version: z.literal(1),
  operator: address,
  rpc: z.string().optional(),
  deployment: deploymentSchema.optional(),
  job: z.strictObject({ address, fromBlock: z.int().min(0), file: z.string().optional() }).optional(),
});

export interface JobRef {
  readonly address: Address;
  /** No event of the job is in an earlier block. */
  readonly fromBlock: number;
  /** Path of the job file. */
  readonly file?: string | undefined;
}

export interface HomeConfig {
  readonly version: 1;
  readonly operator: Address;
  readonly rpc?: string | undefined;
  readonly deployment?: Deployment | undefined;
  readonly job?: JobRef | undefined;
}

export interface Home {
  readonly folder: string;
  readonly keystore: string;
  readonly config: HomeConfig;
}

const configFile = (folder: string): string => join(folder, "config.json");
export const keystoreFile = (folder: string): string => join(folder, "operator.json");

/** Where records and blobs of a job are kept. */
export function jobFolder(folder: string, chainId: number, job: Address): string {
  return join(folder, "jobs", `${chainId}-${job}`);
}

/** Throws PacelineError `bad-input` where the folder is a home already. */
export function requireNoHome(folder: string): void {
  for (const file of [keystoreFile(folder), configFile(folder)]) {
    if (existsSync(file))
      throw new PacelineError("bad-input", `${folder} is a home already and is not overwritten: give another --home`);
  }
}

export function createHome(folder: string, operator: Address): void {
  createPrivateFile(configFile(folder), encode({ version: 1, operator }));
}

/** @throws PacelineError `not-found`, or `bad-input` naming the field of the config that is wrong */
export function openHome(folder: string): Home {
  const file = configFile(folder);
  if (!existsSync(file))
    throw new PacelineError(
      "not-found",
      `there is no home at ${folder}: make one with \`paceline init --home ${folder}\``,
    );
  const parsed = configSchema.safeParse(readJsonFile(file, "config file"));
  if (!parsed.success) throw invalid(file, parsed.error);
  return { folder, keystore: keystoreFile(folder), config: parsed.data };
}

/** Keeps what was given once. @returns the home as it is now */
export function remember(home: Home, changes: Partial<Pick<HomeConfig, "rpc" | "deployment" | "job">>): Home {
  const config = { ...home.config, ...changes };
  if (encode(config) !== encode(home.config)) replaceFile(configFile(home.folder), encode(config));
  return { ...home, config };
}

/** @throws PacelineError `not-found`, or `bad-input` naming the field that is wrong */
export function readDeployment(file: string): Deployment {
  const parsed = deploymentSchema.safeParse(readJsonFile(file, "deployment file"));
  if (!parsed.success) throw invalid(file, parsed.error);
  return parsed.data;
}

function encode(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function invalid(file: string, error: z.ZodError): PacelineError {
  const problems = error.issues.map(({ path, message }) => `${path.join(".") || "file"}: ${message}`).join("; ");
  return new PacelineError("bad-input", `${file} is not valid: ${problems}`, { file });
}
