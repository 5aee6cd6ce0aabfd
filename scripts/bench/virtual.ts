import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import type { VirtualReport } from "../../node/cli/simulation/virtual/report.ts";
import type { BenchOptions, BenchResult } from "./benchResult.ts";
import { writeToPage } from "./page.ts";

/**
 * `paceline simulate --virtual` with 100, 300 and 1000 peers, each in a process of its own: 20 rounds, a cohort of 64, 21 seats, softmax
 * regression on the digits. What a round costs for its cohort and committee is the same however many peers there are; what
 * it costs for each peer more is the difference between sizes.
 */

const SIZES = [100, 300, 1000];
const ROUNDS = 20;

/** Writes the table in docs/benchmarks.md when all sizes were run. */
export async function benchVirtual({ only }: BenchOptions): Promise<BenchResult> {
  const sizes = SIZES.filter((peers) => only === undefined || only.includes(String(peers)));
  const reports: VirtualReport[] = [];
  for (const peers of sizes) reports.push(await simulate(peers));
  const figures = Object.fromEntries(reports.flatMap(figuresOf));
  if (sizes.length === SIZES.length) await writeToPage("virtual", virtualTable(reports));
  return {
    figures: { ...figures, ...marginal(reports) },
    peers: {},
    versions: { node: process.versions.node },
  };
}

async function simulate(peers: number): Promise<VirtualReport> {
  const main = new URL("../../node/cli/main.ts", import.meta.url).pathname;
  const size = ["--peers", String(peers), "--rounds", String(ROUNDS)];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [decodeURIComponent(main), "simulate", "--virtual", "--json", ...size],
    { maxBuffer: 2 ** 26 },
  );
  return JSON.parse(stdout) as VirtualReport;
}

function figuresOf({ cost, settings: { peers } }: VirtualReport): [string, number][] {
  return [
    [`seconds${peers}`, cost.setupSeconds + cost.runSeconds],
    [`processorSeconds${peers}`, cost.processorSeconds],
    [`residentMB${peers}`, cost.residentMB],
    [`microsecondsPerPeerAndRound${peers}`, cost.microsecondsPerPeerAndRound],
  ];
}

/** Of one peer more, from the smallest size to the largest. */
function marginal(reports: readonly VirtualReport[]): Record<string, number> {
  const [first, last] = [reports[0], reports.at(-1)];
  if (first === undefined || last === undefined || first === last) return {};
  const more = last.settings.peers - first.settings.peers;
  const processor = last.cost.processorSeconds - first.cost.processorSeconds;
  return {
    microsecondsPerFurtherPeerAndRound: (1e6 * processor) / (more * ROUNDS),
    kilobytesPerFurtherPeer: (1000 * (last.cost.residentMB - first.cost.residentMB)) / more,
  };
}

function virtualTable(reports: readonly VirtualReport[]): string {
  const rows = reports.map(({ cost, rounds, settings, traffic }) =>
    [
      settings.peers,
      Math.round(cost.setupSeconds + cost.runSeconds),
      Math.round(cost.processorSeconds),
      cost.residentMB,
      Math.round(cost.microsecondsPerPeerAndRound),
      Math.round(traffic.messagesReceived / rounds.length),
      Math.round(traffic.bytesReceived / rounds.length / 1000),
      (rounds.at(-1)?.metrics["accuracy"] ?? 0).toFixed(3),
    ].join(" | "),
  );
  return [
    `\`paceline simulate --virtual --rounds ${ROUNDS}\` on ${availableParallelism()} cores: a cohort of 64 and 21 seats, softmax regression on the digits, 60 examples a peer on average. Seconds include setting up; processor time is that of all threads. Messages and kB are what a peer receives in a round.`,
    "",
    "| peers | seconds | processor seconds | MB | µs a peer and round | messages | kB | accuracy |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map((row) => `| ${row} |`),
  ].join("\n");
}
