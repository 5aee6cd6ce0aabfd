import { openEndpoint } from "../../chain/endpoint.ts";
import { createJobWatcher } from "../../chain/jobWatcher.ts";
import { messageOf } from "../../core/errors.ts";
import type { Participant } from "../../daemon/participant/participant.ts";
import { startMember, type MemberConfig, type MemberReport } from "./member.ts";

/** One simulated participant as a process of its own: its config comes as the first message, its reports go back. */

export type MemberProcessMessage =
  MemberReport | { readonly type: "ready" } | { readonly type: "failed"; readonly message: string };

let running: Participant | undefined;
const tell = (message: MemberProcessMessage): void => {
  // The parent may close the channel at any moment: what it no longer wants to hear is dropped.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};

async function start(config: MemberConfig): Promise<void> {
  const endpoint = await openEndpoint(config.socketUrl, config.chainId);
  const watcher = createJobWatcher(endpoint, config.addresses);
  running = await startMember(config, { endpoint, watcher }, tell);
  tell({ type: "ready" });
}

process.once("message", (config: MemberConfig) => {
  start(config).catch((error: unknown) => {
    tell({ type: "failed", message: messageOf(error) });
    process.exitCode = 1;
    process.disconnect();
  });
});
process.once("disconnect", () => {
  void (running?.stop() ?? Promise.resolve()).finally(() => process.exit());
});
