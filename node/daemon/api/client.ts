import { messageOf, PacelineError } from "../../core/errors.ts";
import { runningDaemon, type RunningDaemon } from "../home/homeLock.ts";
import { readToken } from "./token.ts";
import type { DaemonStatus } from "./status.ts";

/** How commands talk to the daemon that runs on a home. */

const TIMEOUT_MS = 5_000;

/** What the home's daemon says of itself; undefined where none runs, or its API is off. */
export async function readDaemonStatus(folder: string): Promise<DaemonStatus | undefined> {
  const url = runningDaemon(folder)?.api;
  if (url === undefined || url === null) return undefined;
  return (await ask(`${url}/status`, {})) as DaemonStatus;
}

/**
 * Tells the home's daemon something. Its token goes to nobody else: whoever has the home's lock wrote where it listens.
 * @returns the daemon that was told
 * @throws PacelineError `not-found` where none runs; `unsupported` where its API is off
 */
export async function tellDaemon(folder: string, path: string, body: unknown): Promise<RunningDaemon> {
  const daemon = runningDaemon(folder);
  if (daemon === undefined)
    throw new PacelineError("not-found", `no daemon runs on the home ${folder}: start one with \`paceline start\``);
  if (daemon.api === null)
    throw new PacelineError(
      "unsupported",
      `the daemon with pid ${daemon.pid} has its API off: restart it with --api 0, or send it a signal`,
    );
  await ask(`${daemon.api}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${readToken(folder)}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return daemon;
}

async function ask(url: string, init: RequestInit): Promise<unknown> {
  let answer: Response;
  try {
    answer = await fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    throw new PacelineError("timeout", `the daemon's API at ${url} does not answer: ${messageOf(error)}`, {}, error);
  }
  const value: unknown = await answer.json().catch(() => undefined);
  if (answer.ok && value !== undefined) return value;
  const said = (value as { error?: unknown } | undefined)?.error;
  throw new PacelineError(
    "rejected",
    `the daemon refused: ${typeof said === "string" ? said.slice(0, 400) : `HTTP ${answer.status}`}`,
  );
}
