import { Argument, Option, type Command } from "commander";
import { tellDaemon } from "../../daemon/api/client.ts";
import { LOG_LEVELS, type LogLevel } from "../../daemon/log.ts";
import { openHome } from "../../daemon/home/home.ts";
import { acts } from "../command.ts";
import { DEFAULT_HOME } from "../options.ts";
import type { Outcome } from "../output.ts";

interface LogLevelOptions {
  readonly home: string;
}

export function define(command: Command): void {
  command
    .addArgument(new Argument("<level>", "how much to tell").choices(LOG_LEVELS))
    .addOption(new Option("--home <dir>", "the home of the daemon").default(DEFAULT_HOME));
  acts<LogLevelOptions>(command, "paceline log-level debug --home clinic", ({ home }) =>
    changeLevel(home, command.processedArgs[0] as LogLevel),
  );
}

async function changeLevel(home: string, level: LogLevel): Promise<Outcome> {
  const { pid } = await tellDaemon(openHome(home).folder, "/log-level", { level });
  return { data: { pid, level }, text: `the daemon with pid ${pid} logs at level ${level} from now on` };
}
