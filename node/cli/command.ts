import type { Command } from "commander";
import { print, toJson, type Outcome } from "./output.ts";

/** A file in `commands/`: adds options, examples and the action to a command that has its name and purpose already. */
export interface CommandModule {
  define(command: Command): void;
}

/** Gives a command its action, `--json` and its example. */
export function acts<Options extends object>(
  command: Command,
  example: string,
  run: (options: Options) => Promise<Outcome>,
): void {
  command
    .option("--json", "print one JSON object")
    .addHelpText("after", `\nExample:\n  $ ${example.replaceAll("\n", "\n  $ ")}`);
  command.action(async () => {
    const options = command.opts<Options & { readonly json?: boolean }>();
    const { data, text, exit } = await run(options);
    const output = options.json === true ? toJson(data) : text;
    if (output !== "") await print(output);
    process.exitCode = exit ?? 0;
  });
}
