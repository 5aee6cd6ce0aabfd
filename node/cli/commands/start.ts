import { Option, type Command } from "commander";
import { ENGINES } from "../../training/engine.ts";
import { EXECUTION_PROVIDERS } from "../../training/onnx/sessionSettings.ts";
import { acts } from "../command.ts";
import { runDaemonWith, withDaemonOptions, withJobToRun, type DaemonOptions } from "../daemonRun.ts";
import { resolveJobs, type JobOptions } from "../jobsToRun.ts";
import { aPart, aPartition, whole } from "../options.ts";

interface StartOptions extends DaemonOptions, JobOptions {}

export function define(command: Command): void {
  withJobToRun(command)
    .option(
      "--data <source>",
      "own examples: digits, or a format and a path: csv:, tsv:, jsonl:, parquet:, idx:, images:, npy:, conll:, text: … (default: the home's)",
    )
    .addOption(new Option("--part <i/n>", "to try a federation out with one set: take part i of n").argParser(aPart))
    .addOption(
      new Option(
        "--partition <scheme>",
        "how --part deals: iid, dirichlet:ALPHA, shards:N, quantity:BETA, group or blocks (default: iid)",
      ).argParser(aPartition),
    )
    .addOption(
      new Option(
        "--seed <n>",
        "decides the digits, the parts and the validation split (default: the home's, else 1)",
      ).argParser(whole(0, 0xffffffff)),
    )
    .addOption(
      new Option(
        "--engine <name>",
        "what trains: ONNX Runtime or TensorFlow.js (default: the home's, else onnx)",
      ).choices(ENGINES),
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
    );
  withDaemonOptions(command);
  acts<StartOptions>(
    command,
    "paceline start --home clinic --job 0xJOB --job-file job.json --data csv:patients.csv",
    (options) => runDaemonWith(options, (home) => resolveJobs(options, home)),
  );
}
