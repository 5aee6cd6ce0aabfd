import { resolve as absolute } from "node:path";
import { Option, type Command } from "commander";
import type { Address } from "../core/bytes.ts";
import { TRUSTS, type Trust } from "../daemon/home/homeSchemas.ts";
import { runDaemon, type DaemonControls, type DaemonEnd } from "../daemon/daemon.ts";
import { keepPrivate } from "../daemon/home/files.ts";
import { DEFAULT_MAX_FEE_PER_GAS } from "../chain/sender.ts";
import {
  MAX_CONFIRMATIONS,
  MAX_FEE_GWEI,
  openHome,
  remember,
  type Home,
  type HomeConfig,
} from "../daemon/home/home.ts";
import { openKeystore } from "../daemon/home/keystore.ts";
import { createLog, LOG_LEVELS, type LogLevel } from "../daemon/log.ts";
import { USUAL_KEPT_ROUNDS } from "../daemon/model/retention.ts";
import { USUAL_NETWORK } from "../daemon/peers/networkSettings.ts";
import { DEFAULTS, type DaemonSettings } from "../daemon/settings.ts";
import { withChainAccess } from "./chainAccess.ts";
import { EXIT_CODES, EXIT_INTERRUPTED, EXIT_JOB_FAILED, EXIT_OK, type FailureCode } from "./exitCodes.ts";
import type { JobsToRun } from "./jobsToRun.ts";
import { keepingOf, withKeeping, type KeepingOptions } from "./keepingOptions.ts";
import { networkOf, withNetwork, type NetworkFlags } from "./networkOptions.ts";
import { aFee, anAddress, anApiPort, whole, withChain, withHome, type ChainOptions } from "./options.ts";
import type { Outcome } from "./output.ts";
import { operatorPassword, readPassword } from "./password.ts";
import { collectAfterStart } from "./startupGarbage.ts";
import { surviveUnforeseen } from "./unforeseen.ts";

/** What every command takes that runs a daemon, and how it runs. */

const DEFAULT_MAX_FEE_GWEI = Number(DEFAULT_MAX_FEE_PER_GAS) / 1e9;

export interface DaemonOptions extends ChainOptions, NetworkFlags, KeepingOptions {
  readonly home: string;
  readonly passwordFile?: string;
  readonly job?: Address;
  readonly jobFile?: string;
  readonly fromBlock?: number;
  readonly trust?: Trust;
  readonly linger: number;
  readonly confirmations?: number;
  readonly maxFee?: number;
  readonly api?: number | "off";
  readonly logLevel?: LogLevel;
  readonly json?: boolean;
}

/** Home, chain and the job. */
export function withJobToRun(command: Command): Command {
  return withHome(withChain(command))
    .addOption(
      new Option("--job <address>", "this job and no other (default: all that the home follows)").argParser(anAddress),
    )
    .option("--job-file <file>", "the job file, from the sponsor (default: the home's)")
    .addOption(
      new Option("--from-block <n>", "block of the job's creation (default: found on the chain)").argParser(
        whole(0, Number.MAX_SAFE_INTEGER),
      ),
    );
}

/** How the daemon meets the world. */
export function withDaemonOptions(command: Command): Command {
  withKeeping(command)
    .addOption(
      new Option(
        "--trust <what>",
        "what to start from where the job is under way: a checkpoint that a committee's quorum has signed, or a replay of every round (default: the home's, else checkpoint)",
      ).choices(TRUSTS),
    )
    .addOption(
      new Option("--linger <seconds>", "how long to serve others after the job's end")
        .argParser(whole(0, 86_400))
        .default(DEFAULTS.lingerSeconds),
    )
    .addOption(
      new Option(
        "--confirmations <n>",
        "blocks on top of a block before what it says is acted upon (default: the home's, else 0)",
      ).argParser(whole(0, MAX_CONFIRMATIONS)),
    )
    .addOption(
      new Option(
        "--max-fee <gwei>",
        `most that a unit of gas may cost (default: the home's, else ${DEFAULT_MAX_FEE_GWEI})`,
      ).argParser(aFee(MAX_FEE_GWEI)),
    )
    .addOption(
      new Option(
        "--api <port>",
        "port of the HTTP API on this machine's loopback, or off (default: the home's, else any free one)",
      ).argParser(anApiPort),
    )
    .addOption(
      new Option("--log-level <level>", "how much to tell (default: the home's, else info)").choices(LOG_LEVELS),
    );
  return withNetwork(command);
}

/** Runs a daemon until its jobs end or a signal comes. @param choose the jobs, by what the home knows */
export async function runDaemonWith(options: DaemonOptions, choose: (home: Home) => JobsToRun): Promise<Outcome> {
  const home = openHome(options.home);
  keepPrivate(home.folder);
  const lasting = { ...keepingOf(options, home), network: networkOf(options, home) };
  const { settings, lacking } = await resolve(options, home, lasting, choose(home));
  const key = await openKeystore(home.keystore, await readPassword(operatorPassword(options.passwordFile)));
  const logLevel = options.logLevel ?? home.config.logLevel ?? "info";
  keep(home, settings, options, lasting);
  const log = createLog({
    json: options.json === true,
    write: (line) => process.stderr.write(`${line}\n`),
    now: () => Date.now() / 1000,
    level: logLevel,
  });
  process.stderr.on("error", () => undefined); // whoever read the log has gone; the daemon stays
  surviveUnforeseen((error) => log.failure("unforeseen", error));
  for (const error of lacking) log.failure("job", error);
  collectAfterStart();
  return outcomeOf(await runDaemon(settings, key, log, controlsBySignals()));
}

/** Settings that are made of what was given and what the home remembers, each part by itself. */
type LastingSettings = Pick<HomeConfig, "keepRounds" | "transfers" | "network">;

/** Checks and completes what was given with what the home knows and the chain says. */
async function resolve(
  options: DaemonOptions,
  home: Home,
  { keepRounds, transfers, network }: LastingSettings,
  jobs: JobsToRun,
): Promise<{ readonly settings: DaemonSettings; readonly lacking: readonly Error[] }> {
  return withChainAccess(options, home, async (chain) => {
    const found = await jobs.find(chain);
    const settings: DaemonSettings = {
      home: home.folder,
      rpc: chain.endpoint.url,
      confirmations: options.confirmations ?? home.config.confirmations ?? 0,
      maxFeePerGas: BigInt(Math.round((options.maxFee ?? home.config.maxFeeGwei ?? DEFAULT_MAX_FEE_GWEI) * 1e9)),
      deployment: chain.deployment,
      jobs: found,
      api: options.api ?? home.config.api ?? 0,
      network: { ...USUAL_NETWORK, ...network },
      keptRounds: keepRounds === "all" ? Infinity : (keepRounds ?? USUAL_KEPT_ROUNDS),
      transfers: transfers ?? {},
      trust: options.trust ?? home.config.trust ?? "checkpoint",
      lingerSeconds: options.linger,
      relaySeconds: DEFAULTS.relaySeconds,
      retrySeconds: DEFAULTS.retrySeconds,
    };
    return { settings, lacking: jobs.lacking };
  });
}

/** What was given once need not be given again; the job that was named last stays first. */
function keep(
  home: Home,
  { rpc, deployment, jobs }: DaemonSettings,
  options: DaemonOptions,
  lasting: LastingSettings,
): void {
  const { api, logLevel, confirmations, trust, maxFee: maxFeeGwei } = options;
  const all = { api, logLevel, confirmations, trust, maxFeeGwei };
  const numbers = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Partial<
    typeof all
  >;
  let kept = remember(home, { rpc, deployment, ...numbers, ...lasting });
  for (const { job, data, engine } of jobs.toReversed())
    kept = remember(kept, {
      job: { ...job, file: absolute(job.file), ...(data === undefined ? {} : { data, engine }) },
    });
}

function outcomeOf({ interrupted, jobs }: DaemonEnd): Outcome {
  const only = jobs.length === 1 ? jobs[0] : undefined;
  const lines = jobs.map(({ job, phase, round, modelId, error, interrupted: early }) => {
    const name = jobs.length > 1 ? `job ${job}` : "the job";
    if (error !== undefined) return `${name}: ${error.message}`;
    return early === true ? `stopped in round ${round}` : `${name} is ${phase} after round ${round}; model ${modelId}`;
  });
  return { data: { ...only, interrupted, jobs }, text: lines.join("\n"), exit: exitOf(jobs) };
}

function exitOf(jobs: DaemonEnd["jobs"]): number {
  const code = jobs.find(({ error }) => error !== undefined)?.error?.code;
  if (code !== undefined) return EXIT_CODES[code as FailureCode];
  return jobs.some(({ phase, interrupted }) => phase === "failed" && interrupted !== true) ? EXIT_JOB_FAILED : EXIT_OK;
}

/** The first signal stops in good order; a second one ends the process at once. SIGHUP has the settings read again. */
function controlsBySignals(): DaemonControls {
  const stop = new AbortController();
  let reload = (): void => undefined;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(EXIT_INTERRUPTED);
      stop.abort();
    });
  }
  process.on("SIGHUP", () => reload());
  return { stop, onReload: (next) => (reload = next) };
}
