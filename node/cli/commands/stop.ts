import { Option, type Command } from "commander";
import { tellDaemon } from "../../daemon/api/client.ts";
import { openHome } from "../../daemon/home/home.ts";
import { acts } from "../command.ts";
import { DEFAULT_HOME } from "../options.ts";
import type { Outcome } from "../output.ts";

interface StopOptions {
  readonly home: string;
}

export function define(command: Command): void {
  command.addOption(new Option("--home <dir>", "the home of the daemon").default(DEFAULT_HOME));
  acts<StopOptions>(command, "paceline stop --home clinic", stop);
}

/** Returns when the daemon has been told; it ends a few seconds later. */
async function stop({ home }: StopOptions): Promise<Outcome> {
  const { pid } = await tellDaemon(openHome(home).folder, "/stop", {});
  return { data: { pid }, text: `the daemon with pid ${pid} is stopping` };
}
