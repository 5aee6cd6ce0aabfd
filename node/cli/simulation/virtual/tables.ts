import Table from "cli-table3";
import { bytes, count, duration, lossText, percent, tokens } from "../../../dashboard/format.ts";
import { TOKEN_DECIMALS } from "../federation.ts";
import { table } from "../../output.ts";
import type { VirtualReport, VirtualRound } from "./report.ts";

/** A virtual simulation, for people. */
export function virtualTables(report: VirtualReport): string {
  return [roundTable(report.rounds), summary(report), checks(report)].join("\n\n");
}

function roundTable(rounds: readonly VirtualRound[]): string {
  const [metric] = rounds.flatMap(({ metrics }) => Object.keys(metrics));
  const head = ["round", ...(metric === undefined ? [] : [metric, "loss"]), "virtual time", "included", "slashes", ""];
  const drawn = new Table({
    head,
    colAligns: head.map(() => "right"),
    style: { head: [], border: [], compact: true },
  });
  for (const { round, metrics, loss, virtualSeconds, included, committed, slashes, outcome } of rounds) {
    const quality = metric === undefined ? [] : [figureOf(metric, metrics[metric]), lossText(loss)];
    drawn.push([round, ...quality, duration(virtualSeconds), `${included} of ${committed}`, slashes, outcome]);
  }
  return drawn.toString();
}

function figureOf(metric: string, value: number | undefined): string {
  if (value === undefined) return "–";
  return metric === "accuracy" ? percent(value) : value.toPrecision(4);
}

function summary({
  cost,
  credits,
  events,
  members,
  modelId,
  settings,
  traffic,
  virtualSeconds,
}: VirtualReport): string {
  return table([
    ["peers", `${count(settings.peers)}; ${settings.cohort} train and ${settings.committee} judge in a round`],
    ["members", `${count(members.joined)} joined, ${count(members.left)} left`],
    ["model", modelId],
    ["credits", `${tokens(credits.total, TOKEN_DECIMALS)} tokens, sha-256 ${credits.digest}`],
    ["virtual time", duration(virtualSeconds)],
    ["real time", `${duration(cost.runSeconds)} after ${duration(cost.setupSeconds)} to set up`],
    ["processor", `${duration(cost.processorSeconds)}, ${count(cost.microsecondsPerPeerAndRound)} µs a peer and round`],
    ["memory", `${count(cost.residentMB)} MB`],
    ["events", count(events)],
    [
      "a peer received",
      `${count(traffic.messagesReceived)} messages, ${bytes(traffic.bytesReceived)}; it sent ${bytes(traffic.bytesSent)}`,
    ],
  ]);
}

function checks({ checks: all }: VirtualReport): string {
  return all.map(({ name, passed, detail }) => `${passed ? "✓" : "✗"} ${name}: ${detail}`).join("\n");
}
