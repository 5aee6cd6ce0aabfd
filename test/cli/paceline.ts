import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../node/cli/main.ts", import.meta.url));

export interface Run {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Closes the reading end of stdout at once, as `| head -0` does. */
  readonly deafReader?: boolean;
}

/** Runs `paceline` as a process, with none of this one's passwords. */
export function paceline(
  args: readonly string[],
  { cwd, env = {}, stdin = "", deafReader = false }: RunOptions,
): Promise<Run> {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PACELINE_")));
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { ...clean, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  if (deafReader) child.stdout.destroy();
  child.stdin.on("error", () => undefined); // it need not read what it is sent
  child.stdin.end(stdin);
  return new Promise((resolve) => child.once("close", (exit) => resolve({ exit, stdout, stderr })));
}
