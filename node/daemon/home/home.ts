import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Deployment } from "../../chain/accounts.ts";
import { toAddress, type Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import type { TransferSettings } from "../../network/blobs/transferSettings.ts";
import { MAX_JOBS } from "../../network/network.ts";
import type { NetworkSettings } from "../peers/networkSettings.ts";
import type { EngineSettings } from "../../training/engine.ts";
import { createPrivateFile, readJsonFile, replaceFile } from "./files.ts";
import {
  apiSchema,
  dataSchema,
  engineSchema,
  keepRoundsSchema,
  networkSchema,
  transfersSchema,
  TRUSTS,
  type DataSettings,
  type Trust,
} from "./homeSchemas.ts";
import { LOG_LEVELS, type LogLevel } from "../log.ts";

/**
 * A participant's home folder: `operator.json` (the daemon's key, encrypted), `config.json` (what was set once and need not be
 * given again), `state.sqlite` (what belongs to the daemon and to no job), `jobs/…/` (records and blobs, one folder a job).
 * The wallet's key has no place here.
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

const jobSchema = z.strictObject({
  address,
  fromBlock: z.int().min(0),
  file: z.string().optional(),
  data: dataSchema.optional(),
  engine: engineSchema.optional(),
});
const common = {
  operator: address,
  rpc: z.string().optional(),
  deployment: deploymentSchema.optional(),
};
/** More would make a round take days. */
export const MAX_CONFIRMATIONS = 256;
export const MAX_FEE_GWEI = 1e6;
const configSchema = z.strictObject({
  version: z.literal(2),
  ...common,
  logLevel: z.enum(LOG_LEVELS).optional(),
  api: apiSchema.optional(),
  confirmations: z.int().min(0).max(MAX_CONFIRMATIONS).optional(),
  trust: z.enum(TRUSTS).optional(),
  maxFeeGwei: z.number().positive().max(MAX_FEE_GWEI).optional(),
  keepRounds: keepRoundsSchema.optional(),
  transfers: transfersSchema.optional(),
  network: networkSchema.optional(),
  jobs: z.array(jobSchema).max(MAX_JOBS),
});
/** Homes of before a daemon could follow several jobs. */
const firstSchema = z
  .strictObject({ version: z.literal(1), ...common, job: jobSchema.optional() })
  .transform(({ job, ...rest }) => ({ ...rest, version: 2 as const, jobs: job === undefined ? [] : [job] }));

export interface JobRef {
  readonly address: Address;
  /** No event of the job is in an earlier block. */
  readonly fromBlock: number;
  /** Path of the job file. */
  readonly file?: string | undefined;
}

/** A job that the home follows, with what its daemon was last started with. */
export interface HomeJob extends JobRef {
  readonly data?: DataSettings | undefined;
  readonly engine?: EngineSettings | undefined;
}

export interface HomeConfig {
  readonly version: 2;
  readonly operator: Address;
  readonly rpc?: string | undefined;
  readonly deployment?: Deployment | undefined;
  readonly logLevel?: LogLevel | undefined;
  /** Port of the HTTP API, 0 for any free one. */
  readonly api?: number | "off" | undefined;
  /** Blocks on top of a block before what it says is acted upon. */
  readonly confirmations?: number | undefined;
  /** What to start from in a job that is under way. */
  readonly trust?: Trust | undefined;
  /** Most that a unit of gas may cost. */
  readonly maxFeeGwei?: number | undefined;
  /** Rounds that stay on the disk. */
  readonly keepRounds?: number | "all" | undefined;
  readonly transfers?: TransferSettings | undefined;
  readonly network?: Partial<NetworkSettings> | undefined;
  /** The one that was named last comes first. */
  readonly jobs: readonly HomeJob[];
}

export interface Home {
  readonly folder: string;
  readonly keystore: string;
  readonly config: HomeConfig;
  /** The job that commands mean which are told none: the one that was named last. */
  readonly job: HomeJob | undefined;
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
  createPrivateFile(configFile(folder), encode({ version: 2, operator, jobs: [] }));
}

/** @throws PacelineError `not-found`, or `bad-input` naming the field of the config that is wrong */
export function openHome(folder: string): Home {
  const file = configFile(folder);
  if (!existsSync(file))
    throw new PacelineError(
      "not-found",
      `there is no home at ${folder}: make one with \`paceline init --home ${folder}\``,
    );
  const value = readJsonFile(file, "config file");
  const isFirst = (value as { version?: unknown } | null)?.version === 1;
  const parsed = (isFirst ? firstSchema : configSchema).safeParse(value);
  if (!parsed.success) throw invalid(file, parsed.error);
  return homeOf(folder, parsed.data);
}

function homeOf(folder: string, config: HomeConfig): Home {
  return { folder, keystore: keystoreFile(folder), config, job: config.jobs[0] };
}

/** What can be kept in a home. */
export interface Remembered extends Partial<
  Pick<
    HomeConfig,
    | "rpc"
    | "deployment"
    | "logLevel"
    | "api"
    | "confirmations"
    | "trust"
    | "maxFeeGwei"
    | "keepRounds"
    | "transfers"
    | "network"
  >
> {
  /** Is followed from now on; what was known of it before and is not said again stays. */
  readonly job?: HomeJob;
}

/**
 * Keeps what was given once.
 * @returns the home as it is now
 * @throws PacelineError `bad-input` for more than `MAX_JOBS`
 */
export function remember(home: Home, { job, ...changes }: Remembered): Home {
  const jobs = job === undefined ? home.config.jobs : withJob(home, job);
  const config = { ...home.config, ...changes, jobs };
  if (encode(config) !== encode(home.config)) replaceFile(configFile(home.folder), encode(config));
  return homeOf(home.folder, config);
}

/**
 * No longer follows a job; what its folder holds stays.
 * @returns the home as it is now
 * @throws PacelineError `not-found`, naming the jobs that it follows
 */
export function forget(home: Home, job: Address): Home {
  const jobs = home.config.jobs.filter(({ address }) => address !== job);
  if (jobs.length === home.config.jobs.length) {
    const followed = jobs.length === 0 ? "none" : jobs.map(({ address }) => address).join(", ");
    throw new PacelineError("not-found", `the home ${home.folder} does not follow ${job}; it follows ${followed}`);
  }
  const config = { ...home.config, jobs };
  replaceFile(configFile(home.folder), encode(config));
  return homeOf(home.folder, config);
}

function withJob({ folder, config }: Home, job: HomeJob): HomeJob[] {
  const others = config.jobs.filter(({ address: other }) => other !== job.address);
  if (others.length >= MAX_JOBS) {
    throw new PacelineError(
      "bad-input",
      `the home follows ${MAX_JOBS} jobs already, which is all that it can: take one out that has ended, with \`paceline job forget --home ${folder}\``,
    );
  }
  const known = config.jobs.find(({ address: other }) => other === job.address);
  return [{ ...known, ...job }, ...others];
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
