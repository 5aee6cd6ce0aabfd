import { EXIT_OK } from "./exitCodes.ts";
import { execute, understood } from "./execute.ts";
import { failureOf, type Failure } from "./failure.ts";
import { print, toJson } from "./output.ts";
import { watchUnforeseen } from "./unforeseen.ts";

/** One run of `paceline`: tells every failure in one line, and ends with its exit code. */

const args = process.argv.slice(2);

async function fail({ code, message, exit, cause }: Failure): Promise<never> {
  if (args.includes("--json")) await print(toJson({ error: { code, message } }));
  process.stderr.write(`paceline: ${message}\n`);
  if (process.env["PACELINE_DEBUG"] === "1") console.error(cause);
  process.exit(exit);
}

const failUnforeseen = (error: unknown): void => void failureOf(error, understood(args)).then(fail);

// A reader that has seen enough (`paceline … | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? EXIT_OK : undefined);
});
// node:sqlite still announces itself as experimental; stderr is for what a user can act on.
process.removeAllListeners("warning");
watchUnforeseen(failUnforeseen);

const failure = await execute(args);
if (failure !== undefined) await fail(failure);
process.stdout.write("", () => process.exit());
