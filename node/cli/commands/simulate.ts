import { resolve } from "node:path";
import type { Command } from "commander";
import { PacelineError } from "../../core/errors.ts";
import { archivedBlobs, archivedDeployment, archivedJobFile } from "../../daemon/job/archive.ts";
import { finalTables } from "../../dashboard/finalTables.ts";
import { writeReport } from "../../dashboard/report.ts";
import type { SimulationReport } from "../../dashboard/reportData.ts";
import { createLiveView } from "../../dashboard/terminal.ts";
import { EXIT_CHECK_FAILED } from "../exitCodes.ts";
import { measureBaselines } from "../simulation/baselines.ts";
import { buildReport } from "../simulation/buildReport.ts";
import { givenChain } from "../simulation/chainProcess.ts";
import { defineFederation, defineWork, toSettings, type SimulateOptions } from "../simulation/commandLine.ts";
import { auditFederation } from "../simulation/audit.ts";
import { openFederation, type Federation } from "../simulation/federation.ts";
import { LiveStatusKeeper } from "../simulation/liveStatus.ts";
import type { SimulationSettings } from "../simulation/settings.ts";
import { defineVirtual, requireKind, toVirtualSettings, type VirtualOptions } from "../simulation/virtual/options.ts";
import type { VirtualReport } from "../simulation/virtual/report.ts";
import { runVirtual } from "../simulation/virtual/run.ts";
import type { VirtualSettings } from "../simulation/virtual/settings.ts";
import { virtualTables } from "../simulation/virtual/tables.ts";

export function define(command: Command): void {
  defineWork(command);
  defineFederation(command);
  defineVirtual(command);
  command
    .addHelpText(
      "after",
      "\nExamples:\n  $ paceline simulate --data csv:patients.csv --label diagnosis --participants 5 --hidden 16\n  $ paceline simulate --job job.json --data csv:patients.csv\n  $ paceline simulate --virtual --peers 1000 --rounds 20",
    )
    .action(async (options: VirtualOptions) => {
      requireKind(options, command);
      const report =
        options.virtual === true
          ? await simulateMany(toVirtualSettings(options, command), options.json === true)
          : await simulate(toSettings(options, command), options);
      if (!report.checks.every(({ passed }) => passed)) process.exitCode = EXIT_CHECK_FAILED;
    });
}

async function simulate(settings: SimulationSettings, { json, out, rpc }: SimulateOptions): Promise<SimulationReport> {
  const startedAt = new Date();
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const view = createLiveView(json === true ? process.stderr : process.stdout);
  const openChain = rpc === undefined ? undefined : () => Promise.resolve(givenChain(rpc));
  const federation = await openFederation(settings, (stage) => view.stage(stage), openChain);
  const status = new LiveStatusKeeper(federation, seconds, (live) => view.update(live));
  const interrupted = interruption();
  try {
    const { members } = await Promise.race([federation.run(status), interrupted.promise]);
    view.stage("training the baselines: one model on all honest data, and each participant alone");
    const ejected = members.flatMap((member, index) => (member.ejected ? [index] : []));
    const baselines = await measureBaselines(federation, ejected);
    view.stage("paying everybody out");
    const unaudited = await buildReport(federation, baselines, startedAt, seconds());
    if (settings.audit === true) view.stage("auditing the job");
    const audits = settings.audit === true ? [await auditFederation(federation)] : [];
    const report = { ...unaudited, checks: [...unaudited.checks, ...audits] };
    view.finish();
    await publish(report, resolve(out), json === true);
    if (settings.archive !== undefined && rpc !== undefined && json !== true)
      await writeAll(archiveText(federation, settings.archive));
    return report;
  } finally {
    interrupted.forget();
    view.finish();
    await federation.stop();
  }
}

/** How somebody else audits, where the chain goes on. */
function archiveText({ addresses }: Federation, folder: string): string {
  const files = `--deployment ${archivedDeployment(folder)} --job-file ${archivedJobFile(folder)} --blobs ${archivedBlobs(folder)}`;
  return `For an audit while the chain is there: paceline audit --job ${addresses.job} ${files}\n`;
}

async function simulateMany(settings: VirtualSettings, json: boolean): Promise<VirtualReport> {
  const tell = (stage: string): void => void process.stderr.write(`${stage}\n`);
  const report = await runVirtual(settings, tell);
  await writeAll(`${json ? JSON.stringify(report, null, 2) : virtualTables(report)}\n`);
  return report;
}

async function publish(report: SimulationReport, folder: string, json: boolean): Promise<void> {
  const text = JSON.stringify(report, null, 2);
  await writeReport(report, folder);
  if (json) await writeAll(`${text}\n`);
  else
    await writeAll(
      `${finalTables(report)}\n\nThe same as a page: ${resolve(folder, "report.html")}, as data: ${resolve(folder, "report.json")}\n`,
    );
}

/** Waits until a pipe has taken everything, so that nothing is cut off at the process's end. */
function writeAll(text: string): Promise<void> {
  return new Promise((done) => process.stdout.write(text, () => done()));
}

/** Rejects on the first Ctrl-C, so that the chain and the participants are stopped before the process ends. */
function interruption(): { promise: Promise<never>; forget(): void } {
  let onSignal = (): void => undefined;
  const promise = new Promise<never>((_, reject) => {
    onSignal = () => reject(new PacelineError("closed", "stopped before the end: no report was written"));
    process.once("SIGINT", onSignal);
    process.once("SIGTERM", onSignal);
  });
  promise.catch(() => undefined);
  return {
    promise,
    forget() {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
