import { CommanderError } from "commander";
import { messageOf, PacelineError } from "../core/errors.ts";
import { EXIT_CODES, type FailureCode } from "./exitCodes.ts";

/** What went wrong, as a user is told. */
export interface Failure {
  readonly code: FailureCode;
  /** One line. */
  readonly message: string;
  readonly exit: number;
  /** What was thrown. */
  readonly cause: unknown;
}

const MAX_LINE = 600;

/** @param command the words that were understood of the command line, for the hint at its help */
export async function failureOf(error: unknown, command: string): Promise<Failure> {
  const failure = (code: FailureCode, message: string): Failure => ({
    code,
    message: oneLine(message),
    exit: EXIT_CODES[code],
    cause: error,
  });
  if (error instanceof CommanderError) {
    // A group of commands, called without one of them.
    if (error.code === "commander.help") return failure("bad-input", `which command? See \`${command} --help\``);
    const message = oneLine(error.message)
      .replace(/^error: /, "")
      .replace(/\.$/, "");
    return failure("bad-input", `${message}; see \`${command} --help\``);
  }
  const known = await explained(error);
  if (known instanceof PacelineError && known.code !== "bad-argument") return failure(known.code, known.message);
  const code = known instanceof PacelineError ? known.code : "internal";
  return failure(
    code,
    `${messageOf(known)} (this is a bug in paceline: run again with PACELINE_DEBUG=1 and report it)`,
  );
}

/** viem's errors, thrown by a read that nobody wrapped, are the endpoint's or the contract's: not bugs. */
async function explained(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !("shortMessage" in error)) return error;
  const { explain } = await import("../chain/explain.ts");
  return explain(error, { functionName: "the request" });
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= MAX_LINE ? line : `${line.slice(0, MAX_LINE)}…`;
}
