import { CommanderError } from "commander";
import { failureOf, type Failure } from "./failure.ts";
import { COMMANDS, createProgram } from "./program.ts";

/**
 * Finds the command, loads it and no other, and runs it.
 * @param args as after the program's name
 * @returns undefined when it went well (`process.exitCode` may say more)
 */
export async function execute(args: readonly string[]): Promise<Failure | undefined> {
  try {
    const program = await createProgram((name) => name === commandName(args));
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: "user" });
    return undefined;
  } catch (error) {
    const isHelp = error instanceof CommanderError && error.exitCode === 0;
    return isHelp ? undefined : failureOf(error, understood(args));
  }
}

function commandName(args: readonly string[]): string | undefined {
  return args.find((arg) => !arg.startsWith("-"));
}

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  job: ["example", "fit", "create", "join", "stake", "leave", "show"],
  model: ["describe", "export"],
};

/** The words up to the last command that there is, for the hint at its help. */
export function understood(args: readonly string[]): string {
  const name = commandName(args);
  if (!COMMANDS.some((entry) => entry.name === name)) return "paceline";
  const next = args[args.indexOf(name ?? "") + 1] ?? "";
  const isGroup = (GROUPS[name ?? ""] ?? []).includes(next);
  return ["paceline", name, ...(isGroup ? [next] : [])].join(" ");
}
