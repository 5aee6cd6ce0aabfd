import { openEndpoint } from "../../chain/endpoint.ts";
import { createJobWatcher } from "../../chain/viemJob.ts";
import { messageOf } from "../../core/errors.ts";
import type { Participant } from "../../daemon/participant.ts";
import { loadFederationData } from "./data.ts";
import { startMember, type MemberConfig, type MemberReport } from "./member.ts";

/** One simulated participant as a process of its own: its config comes as the first message, its reports go back. */

export type MemberProcessMessage = MemberReport | { readonly type: "ready" } | { readonly type: "failed"; readonly message: string };

let running: Participant | undefined;
const tell = (message: MemberProcessMessage): void => {
  if (process.connected) process.send?.(message);
};

async function start(config: MemberConfig): Promise<void> {
  const { holdings, test } = loadFederationData(config.settings);
  const holding = holdings[config.index];
  if (holding === undefined) throw new Error(`there is no participant ${config.index}`);
  const endpoint = await openEndpoint(config.socketUrl, config.chainId);
  const watcher = createJobWatcher(endpoint, config.addresses.job);
  running = await startMember(config, { endpoint, watcher, holding, test }, tell);
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
