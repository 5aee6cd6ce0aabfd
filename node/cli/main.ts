#!/usr/bin/env node
import { CommanderError } from "commander";
import { EXIT_OK } from "./exitCodes.ts";
import { failureOf } from "./failure.ts";
import { print, toJson } from "./output.ts";
import { COMMANDS, createProgram } from "./program.ts";

/** The entry of `paceline`: finds the command, loads it and no other, and tells every failure in one line. */

const args = process.argv.slice(2);
const name = args.find((arg) => !arg.startsWith("-"));

/** The words up to the last command that there is, for the hint at its help. */
function understood(): string {
  const words = COMMANDS.some((entry) => entry.name === name) ? ["paceline", name] : ["paceline"];
  const next = args[args.indexOf(name ?? "") + 1];
  if (name === "job" && /^(example|create|join|leave|show)$/.test(next ?? "")) words.push(next);
  return words.join(" ");
}

async function fail(error: unknown): Promise<never> {
  const { code, message, exit } = await failureOf(error, understood());
  if (args.includes("--json")) await print(toJson({ error: { code, message } }));
  process.stderr.write(`paceline: ${message}\n`);
  if (process.env["PACELINE_DEBUG"] === "1") console.error(error);
  process.exit(exit);
}

async function run(): Promise<void> {
  const program = await createProgram((each) => each === name);
  if (args.length === 0) {
    program.outputHelp();
    return;
  }
  await program.parseAsync(args, { from: "user" });
}

// A reader that has seen enough (`paceline … | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? EXIT_OK : undefined);
});
// node:sqlite still announces itself as experimental; stderr is for what a user can act on.
process.removeAllListeners("warning");
process.on("uncaughtException", (error) => void fail(error));
process.on("unhandledRejection", (error) => void fail(error));

try {
  await run();
  process.stdout.write("", () => process.exit());
} catch (error) {
  const isHelp = error instanceof CommanderError && error.exitCode === 0;
  if (isHelp) process.stdout.write("", () => process.exit(EXIT_OK));
  else await fail(error);
}
