import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PacelineError } from "../../core/errors.ts";
import { stopChild } from "./chainProcess.ts";
import { startMember, type MemberConfig, type MemberReport, type MemberSurroundings } from "./member.ts";
import type { MemberProcessMessage } from "./memberProcess.ts";

/** A running member, wherever it runs. */
export interface HostedMember {
  stop(): Promise<void>;
}

const ENTRY = fileURLToPath(new URL("./memberProcess.ts", import.meta.url));

/**
 * A participant allocates little at a time: a small young generation, one malloc arena and buffers that go back
 * to the system when they are freed save some 100 MB of residence.
 */
const LEAN_FLAGS = ["--max-semi-space-size=2", "--optimize-for-size"];
const LEAN_ENVIRONMENT = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "65536" };

/** Runs a member in this process. */
export async function hostHere(
  config: MemberConfig,
  surroundings: MemberSurroundings,
  report: (report: MemberReport) => void,
): Promise<HostedMember> {
  return startMember(config, surroundings, report);
}

/** Runs a member as a process of its own; resolves when it is ready. */
export function hostInProcess(config: MemberConfig, report: (report: MemberReport) => void): Promise<HostedMember> {
  const child = fork(ENTRY, [], {
    execArgv: [...process.execArgv, ...LEAN_FLAGS],
    env: { ...process.env, ...LEAN_ENVIRONMENT },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced",
  });
  return new Promise((resolve, reject) => {
    const failed = (why: string): void =>
      reject(new PacelineError("closed", `participant ${config.index + 1} did not start: ${why}`));
    child.once("error", (error) => failed(error.message));
    child.once("exit", (code) => failed(`its process ended with code ${code}`));
    child.on("message", (message: MemberProcessMessage) => {
      if (message.type === "failed") failed(message.message);
      else if (message.type === "ready") resolve({ stop: () => stopMember(child) });
      else report(message);
    });
    child.send(config);
  });
}

function stopMember(child: ReturnType<typeof fork>): Promise<void> {
  if (child.connected) child.disconnect();
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    const force = setTimeout(() => void stopChild(child), 10_000);
    child.once("exit", () => {
      clearTimeout(force);
      resolve();
    });
  });
}
