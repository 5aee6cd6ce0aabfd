import type { Address } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import type { PartitionScheme } from "../data/partition.ts";
import type { Home, HomeJob } from "../daemon/home/home.ts";
import { openJobFile } from "../daemon/job/jobFile.ts";
import type { DataSettings } from "../daemon/home/homeSchemas.ts";
import type { JobSettings } from "../daemon/settings.ts";
import { USUAL_ENGINE, type EngineName, type EngineSettings } from "../training/engine.ts";
import type { ExecutionProvider } from "../training/onnx/sessionSettings.ts";
import { jobRef, openJob, type ChainAccess } from "./chainAccess.ts";
import type { Part } from "./options.ts";

/** What `start` is told of one job. */
export interface JobOptions {
  readonly job?: Address;
  readonly jobFile?: string;
  readonly fromBlock?: number;
  readonly data?: string;
  readonly part?: Part;
  readonly partition?: PartitionScheme;
  readonly seed?: number;
  readonly engine?: EngineName;
  readonly threads?: number;
  readonly provider?: ExecutionProvider;
}

const OF_ONE_JOB = [
  "jobFile",
  "fromBlock",
  "data",
  "part",
  "partition",
  "seed",
  "engine",
  "threads",
  "provider",
] as const;

/** The jobs that a daemon is to take part in. */
export interface JobsToRun {
  /** Of several jobs, what those lack that are left out. */
  readonly lacking: readonly Error[];
  /** Asks the chain for what is not known of them. */
  find(chain: ChainAccess): Promise<readonly JobSettings[]>;
}

/**
 * The job that was named, or described; else all that the home follows.
 * @throws PacelineError `bad-input` where it is not clear which job is meant, or the only one lacks something
 */
export function resolveJobs(options: JobOptions, home: Home): JobsToRun {
  const { jobs } = home.config;
  const described = OF_ONE_JOB.filter((name) => options[name] !== undefined);
  if (options.job === undefined && described.length > 0 && jobs.length > 1) {
    throw new PacelineError(
      "bad-input",
      `the home follows ${jobs.length} jobs: say with --job ADDRESS which of them the options are for`,
    );
  }
  if (options.job !== undefined || described.length > 0 || jobs.length < 2) return oneJob(options, home);
  const complete: JobSettings[] = [];
  const lacking: Error[] = [];
  for (const job of jobs) {
    try {
      complete.push({ ...settingsOf(job, {}), job: { ...job, file: fileOf(job, {}) } });
    } catch (error) {
      lacking.push(new PacelineError("bad-input", `${job.address}: ${(error as Error).message}`, {}, error));
    }
  }
  if (complete.length === 0) throw lacking[0] as Error;
  return { lacking, find: () => Promise.resolve(complete) };
}

/** The same for who has no data, and needs none. */
export function jobsToWatch(options: Pick<JobOptions, "job" | "jobFile" | "fromBlock">, home: Home): JobsToRun {
  const address = options.job ?? home.job?.address;
  const file = fileOf(
    home.config.jobs.find((job) => job.address === address),
    options,
  );
  openJobFile(file);
  return {
    lacking: [],
    async find(chain) {
      const { job } = await openJob(chain, options.job, home);
      const fromBlock = options.fromBlock ?? (await jobRef(chain, job, home)).fromBlock;
      return [{ job: { address: job, fromBlock, file }, data: undefined, engine: USUAL_ENGINE }];
    },
  };
}

/** One job is looked at as a whole before anything else: there are no others to go on with. */
function oneJob(options: JobOptions, home: Home): JobsToRun {
  const address = options.job ?? home.job?.address;
  const known = home.config.jobs.find((job) => job.address === address);
  const file = fileOf(known, options);
  openJobFile(file);
  const settings = settingsOf(known, options);
  return {
    lacking: [],
    async find(chain) {
      const { job } = await openJob(chain, options.job, home);
      const fromBlock = options.fromBlock ?? (await jobRef(chain, job, home)).fromBlock;
      return [{ ...settings, job: { address: job, fromBlock, file } }];
    },
  };
}

function fileOf(known: HomeJob | undefined, { jobFile }: JobOptions): string {
  const file = jobFile ?? known?.file;
  if (file !== undefined) return file;
  throw new PacelineError("bad-input", "give --job-file FILE: the job file, which the sponsor has");
}

function settingsOf(known: HomeJob | undefined, options: JobOptions): Omit<JobSettings, "job"> {
  return { data: dataOf(known?.data, options), engine: engineOf(known?.engine, options) };
}

function dataOf(known: DataSettings | undefined, options: JobOptions): DataSettings {
  const source = options.data ?? known?.source;
  if (source === undefined)
    throw new PacelineError("bad-input", "give --data SOURCE: the examples to train on, such as csv:patients.csv");
  const seed = options.seed ?? known?.seed ?? 1;
  // Other data are given as a whole.
  if (options.part === undefined && options.data === undefined) return { source, seed, part: known?.part };
  const scheme = options.partition ?? { kind: "iid" };
  return { source, seed, part: options.part === undefined ? undefined : { ...options.part, scheme } };
}

function engineOf(known: EngineSettings | undefined, { engine, threads, provider }: JobOptions): EngineSettings {
  if (engine === undefined && threads === undefined && provider === undefined) return known ?? USUAL_ENGINE;
  if (engine !== "tfjs")
    return { engine: "onnx", threads: threads ?? 1, ...(provider === undefined ? {} : { provider }) };
  if (threads === undefined && provider === undefined) return { engine };
  throw new PacelineError("bad-input", "--threads and --provider are for --engine onnx");
}
