import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { DAEMON_FLAGS } from "./daemonFlags.ts";

/**
 * One blob of 100 MB from another process over loopback, out of one daemon's store into another's, the same bytes over raw TCP
 * with sha-256, and over a stream of libp2p with nothing of ours on it, in turn: medians of the rates, and what a megabyte takes of
 * each end's processor time. Both processes run as a daemon does.
 */
export async function measureTransfer(): Promise<Record<string, number>> {
  const receiver = fork(fileURLToPath(new URL("transferReceiver.ts", import.meta.url)), {
    stdio: ["ignore", 2, 2, "ipc"],
    execArgv: DAEMON_FLAGS,
  });
  const ended = once(receiver, "exit");
  const figures = await Promise.race([
    once(receiver, "message").then(([message]) => message as Record<string, number>),
    ended.then(([code]) => Promise.reject(new Error(`the fetching process ended with ${String(code)}`))),
  ]);
  await ended;
  return figures;
}
