import { Option, type Command } from "commander";
import type { Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import type { PartitionScheme } from "../../data/partition.ts";
import { runDaemon } from "../../daemon/daemon.ts";
import { openHome, remember, type Home } from "../../daemon/home.ts";
import { openJobFile } from "../../daemon/jobFile.ts";
import { openKeystore } from "../../daemon/keystore.ts";
import { createLog } from "../../daemon/log.ts";
import { DEFAULTS, requireMultiaddr, type DaemonSettings } from "../../daemon/settings.ts";
import { ENGINES, type EngineName, type EngineSettings } from "../../training/engine.ts";
import { EXECUTION_PROVIDERS, type ExecutionProvider } from "../../training/onnx/sessions.ts";
import { jobRef, openJob, withChainAccess } from "../chainAccess.ts";
import { acts } from "../command.ts";
import { EXIT_INTERRUPTED, EXIT_JOB_FAILED, EXIT_OK } from "../exitCodes.ts";
import {
  aList,
  anAddress,
  aPart,
  aPartition,
  whole,
  withChain,
  withHome,
  type ChainOptions,
  type Part,
} from "../options.ts";
import type { Outcome } from "../output.ts";
import { operatorPassword, readPassword } from "../password.ts";

interface StartOptions extends ChainOptions {
  readonly home: string;
  readonly passwordFile?: string;
  readonly job?: Address;
  readonly jobFile?: string;
  readonly fromBlock?: number;
  readonly data: string;
  readonly part?: Part;
  readonly partition: PartitionScheme;
  readonly seed: number;
  readonly engine: EngineName;
  readonly threads?: number;
  readonly provider?: ExecutionProvider;
  readonly listen: readonly string[];
  readonly announce: readonly string[];
  readonly linger: number;
  readonly json?: boolean;
}

export function define(command: Command): void {
  withHome(withChain(command))
    .addOption(new Option("--job <address>", "the job (default: the home's)").argParser(anAddress))
    .option("--job-file <file>", "the job file, from the sponsor (default: the home's)")
    .addOption(
      new Option("--from-block <n>", "block of the job's creation (default: found on the chain)").argParser(
        whole(0, Number.MAX_SAFE_INTEGER),
      ),
    )
    .requiredOption(
      "--data <source>",
      "own examples: digits, or a format and a path: csv:, tsv:, jsonl:, parquet:, idx:, images:, npy:, conll:, text: …",
    )
    .addOption(new Option("--part <i/n>", "to try a federation out with one set: take part i of n").argParser(aPart))
    .addOption(
      new Option(
        "--partition <scheme>",
        "how --part deals: iid, dirichlet:ALPHA, shards:N, quantity:BETA, group or blocks",
      )
        .argParser(aPartition)
        .default({ kind: "iid" }, "iid"),
    )
    .addOption(
      new Option("--seed <n>", "decides the digits, the parts and the validation split")
        .argParser(whole(0, 0xffffffff))
        .default(1),
    )
    .addOption(
      new Option("--engine <name>", "what trains: ONNX Runtime or TensorFlow.js").choices(ENGINES).default("onnx"),
    )
    .addOption(
      new Option("--threads <n>", "threads of ONNX Runtime (default: 1, the fastest for small models)").argParser(
        whole(1, 256),
      ),
    )
    .addOption(
      new Option(
        "--provider <name>",
        "what ONNX Runtime computes on, where this machine and its build have it (default: cpu)",
      ).choices(EXECUTION_PROVIDERS),
    )
    .addOption(
      new Option("--listen <multiaddrs>", "where to listen, separated by commas")
        .argParser(aList)
        .default(DEFAULTS.listen, DEFAULTS.listen.join(",")),
    )
    .addOption(
      new Option("--announce <multiaddrs>", "what to tell others instead, behind NAT")
        .argParser(aList)
        .default([], "where it listens"),
    )
    .addOption(
      new Option("--linger <seconds>", "how long to serve others after the job's end")
        .argParser(whole(0, 86_400))
        .default(DEFAULTS.lingerSeconds),
    );
  acts<StartOptions>(
    command,
    "paceline start --home clinic --job 0xJOB --job-file job.json --data csv:patients.csv",
    start,
  );
}

async function start(options: StartOptions): Promise<Outcome> {
  const home = openHome(options.home);
  const settings = await resolve(options, home);
  const key = await openKeystore(home.keystore, await readPassword(operatorPassword(options.passwordFile)));
  remember(home, { rpc: settings.rpc, deployment: settings.deployment, job: settings.job });
  const log = createLog({
    json: options.json === true,
    write: (line) => process.stderr.write(`${line}\n`),
    now: () => Date.now() / 1000,
  });
  const stop = stopOnSignals();
  const end = await runDaemon(settings, key, log, stop);
  const text = end.interrupted
    ? `stopped in round ${end.round}`
    : `the job is ${end.phase} after round ${end.round}; model ${end.modelId}`;
  return { data: { ...end }, text, exit: end.phase === "failed" ? EXIT_JOB_FAILED : EXIT_OK };
}

/** Checks and completes what was given with what the home knows and the chain says. */
async function resolve(options: StartOptions, home: Home): Promise<DaemonSettings> {
  const file = options.jobFile ?? home.job?.file;
  if (file === undefined)
    throw new PacelineError("bad-input", "give --job-file FILE: the job file, which the sponsor has");
  const { spec, model } = openJobFile(file);
  const engine = engineOf(options);
  const listen = options.listen.map((address) => requireMultiaddr(address, "--listen"));
  const announce = options.announce.map((address) => requireMultiaddr(address, "--announce"));
  return withChainAccess(options, home, async (chain) => {
    const { job: address } = await openJob(chain, options.job, home);
    const { fromBlock } =
      options.fromBlock === undefined ? await jobRef(chain, address, home) : { fromBlock: options.fromBlock };
    const { part, seed } = options;
    return {
      home: options.home,
      rpc: chain.endpoint.url,
      deployment: chain.deployment,
      job: { address, fromBlock, file },
      spec,
      model,
      data: {
        source: options.data,
        seed,
        part: part === undefined ? undefined : { ...part, scheme: options.partition },
      },
      engine,
      listen,
      announce,
      lingerSeconds: options.linger,
      relaySeconds: DEFAULTS.relaySeconds,
      retrySeconds: DEFAULTS.retrySeconds,
    };
  });
}

function engineOf({ engine, threads, provider }: StartOptions): EngineSettings {
  if (engine === "onnx") return { engine, threads: threads ?? 1, ...(provider === undefined ? {} : { provider }) };
  if (threads === undefined && provider === undefined) return { engine };
  throw new PacelineError("bad-input", "--threads and --provider are for --engine onnx");
}

/** The first signal stops in good order; a second one ends the process at once. */
function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(EXIT_INTERRUPTED);
      stop.abort();
    });
  }
  return stop.signal;
}
