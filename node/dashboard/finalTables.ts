import Table from "cli-table3";
import { bytes, count, duration, lossText, percent, tokens } from "./format.ts";
import { fit } from "./liveLines.ts";
import { measuredIn, metricDifference, metricTitle, metricValue } from "./metric.ts";
import type { Behaviour, ReportFault, SimulationReport } from "./reportData.ts";
import { summarise, waitingSeconds } from "./summary.ts";

interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row, index: number) => string;
  readonly align?: "left" | "right";
}

const MOST_NAME = 14;
const SHORT_BEHAVIOURS: Readonly<Record<Behaviour, string>> = {
  honest: "honest",
  "sign-flip": "sign-flipper",
  "free-rider": "free rider",
};

function table<Row>(title: string, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const drawn = new Table({
    head: columns.map((column) => column.title),
    colAligns: columns.map(({ align }) => align ?? "right"),
    style: { head: [], border: [], compact: true },
  });
  for (const [index, row] of rows.entries()) drawn.push(columns.map(({ cell }) => fit(cell(row, index), 72)));
  return `${title}\n${drawn.toString()}`;
}

const seconds = (value: number): string => value.toFixed(2);

function faultText({ kind, participant, prover }: ReportFault): string {
  return kind === "missed" ? `${participant} missed a duty` : `${participant} lied, proven by ${prover}`;
}

function metricTable(report: SimulationReport): string {
  const { baselines, metric } = report;
  const { centralDifference, aloneDifference } = summarise(report);
  const rounds = table(
    `${metricTitle(metric)} by round`,
    [
      { title: "round", cell: ({ round }) => String(round) },
      { title: metric.name, cell: (round) => metricValue(metric, measuredIn(round, metric)) },
      { title: "loss", cell: ({ loss }) => lossText(loss) },
      { title: "duration", cell: (round) => duration(round.seconds) },
      { title: "included", cell: ({ included, committed }) => `${included} of ${committed}` },
      { title: "aggregator", align: "left", cell: ({ aggregator }) => fit(aggregator, MOST_NAME) },
      {
        title: "what happened",
        align: "left",
        cell: ({ outcome, faults }) => fit([outcome, ...faults.map(faultText)].join("; "), 30),
      },
    ],
    report.rounds,
  );
  return [
    rounds,
    `One model on all the data reaches ${metricValue(metric, baselines.central)}: the federation is at ${metricDifference(metric, centralDifference)}.`,
    `Training alone reaches ${metricValue(metric, baselines.aloneMean)} on average: the federation is at ${metricDifference(metric, aloneDifference)}.`,
    ...(metric.better === "lower" ? [`The lower the ${metric.name}, the better.`] : []),
  ].join("\n");
}

function walletsTable({ participants, rounds, settings }: SimulationReport): string {
  const { symbol, decimals } = settings.token;
  const amount = (units: string): string => tokens(units, decimals);
  return table(
    `Wallets (pay and stake in ${symbol})`,
    [
      { title: "participant", align: "left", cell: ({ name }) => fit(name, MOST_NAME) },
      { title: "behaviour", align: "left", cell: ({ behaviour }) => SHORT_BEHAVIOURS[behaviour] },
      { title: "score", cell: ({ scoreShare }) => percent(scoreShare / Math.max(1, rounds.length)) },
      { title: "contribution", cell: ({ pay }) => amount(pay.contribution) },
      { title: "paid in all", cell: ({ pay }) => amount(pay.total) },
      { title: "stake before", cell: ({ stakeAtStart }) => amount(stakeAtStart) },
      { title: "stake after", cell: ({ stakeAtEnd }) => amount(stakeAtEnd) },
    ],
    participants,
  );
}

function participantCosts({ participants, rounds }: SimulationReport): string {
  const each = (value: number): number => value / Math.max(1, rounds.length);
  return table(
    "Gas and bytes by participant, mean of a round",
    [
      { title: "participant", align: "left", cell: ({ name }) => fit(name, MOST_NAME) },
      { title: "gas", cell: ({ gas }) => count(each(gas)) },
      { title: "sent", cell: ({ bytesSent }) => bytes(each(bytesSent)) },
      { title: "received", cell: ({ bytesReceived }) => bytes(each(bytesReceived)) },
      { title: "examples", cell: ({ trainExamples }) => count(trainExamples) },
    ],
    participants,
  );
}

function roundCosts({ rounds }: SimulationReport): string {
  return table(
    "Cost by round, mean of a participant (split in seconds)",
    [
      { title: "round", cell: ({ round }) => String(round) },
      { title: "gas", cell: ({ gasPerParticipant }) => count(gasPerParticipant) },
      { title: "bytes", cell: ({ bytesPerParticipant }) => bytes(bytesPerParticipant) },
      { title: "training", cell: ({ split }) => seconds(split.training) },
      { title: "network", cell: ({ split }) => seconds(split.network) },
      { title: "chain", cell: ({ split }) => seconds(split.chain) },
      { title: "verification", cell: ({ split }) => seconds(split.verification) },
      { title: "waiting", cell: (round) => seconds(waitingSeconds(round)) },
    ],
    rounds,
  );
}

function moneyTable({ money, settings }: SimulationReport): string {
  const { symbol, decimals } = settings.token;
  const rows: [string, string][] = [
    ["pool", money.pool],
    ["slashed stake that joined it", money.slashedIntoPool],
    ["paid", money.paid],
    ["left over", money.left],
    ["of that, burned", money.burned],
  ];
  const books = money.balanced ? "The books balance to the wei." : "The books do NOT balance.";
  const drawn = table(
    `Money in ${symbol}, read from the chain`,
    [
      { title: "what", align: "left", cell: ([what]) => what },
      { title: symbol, cell: ([, units]) => tokens(units, decimals, decimals) },
    ],
    rows,
  );
  return `${drawn}\n${books}`;
}

function checksList({ checks }: SimulationReport): string {
  const lines = checks.flatMap(({ name, passed, detail }) => [
    `  ${passed ? "✓" : "✗"} ${name}`,
    ...wrapped(detail, 94).map((line) => `      ${line}`),
  ]);
  return ["Checks", ...lines].join("\n");
}

/** `text` in lines of at most `width` columns, broken between words. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.pop() ?? "";
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= width) lines.push(longer);
    else lines.push(...(line === "" ? [] : [line]), fit(word, width));
  }
  return lines;
}

/** Everything that a run measured, as tables at most 100 columns wide, without colours or control codes. */
export function finalTables(report: SimulationReport): string {
  const parts = [metricTable, walletsTable, participantCosts, roundCosts, moneyTable, checksList];
  return parts.map((part) => part(report)).join("\n\n");
}
