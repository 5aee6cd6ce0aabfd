import { enableCompileCache } from "node:module";

/** The far side of `processTrainer.ts`: a process that trains, and nothing else. Its engine is loaded once the first trainer is opened. */

enableCompileCache();
process.removeAllListeners("warning");
// A terminal and a service manager send these to every process of the group; this one ends with the daemon.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => undefined);
process.on("disconnect", () => process.exit());

const { createAnswerer } = await import("./calls.ts");
const answer = createAnswerer();
process.on("message", (message: Parameters<typeof answer>[0]) => {
  void answer(message).then((answered) => process.send?.(answered));
});
