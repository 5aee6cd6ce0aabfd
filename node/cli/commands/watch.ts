import type { Command } from "commander";
import { acts } from "../command.ts";
import { runDaemonWith, withDaemonOptions, withJobToRun, type DaemonOptions } from "../daemonRun.ts";
import { jobsToWatch } from "../jobsToRun.ts";

export function define(command: Command): void {
  withDaemonOptions(withJobToRun(command));
  acts<DaemonOptions>(command, "paceline watch --home guard --job 0xJOB --job-file job.json", (options) =>
    runDaemonWith(options, (home) => jobsToWatch(options, home)),
  );
}
