import { axisX, barX, cell, dot, ruleX, text } from "@observablehq/plot";
import { bytes, count, percent, tokens, tokensAsNumber } from "../format.ts";
import { fit } from "../liveLines.ts";
import type { SimulationReport } from "../reportData.ts";
import { BEHAVIOURS, scoreShares } from "../summary.ts";
import { plotSvg } from "./plotSvg.ts";

const BEHAVIOUR_COLOURS = { domain: BEHAVIOURS, range: BEHAVIOURS.map((behaviour) => `var(--${behaviour})`) };

/** Room for the longest name at the left, and height for one row each. */
function rows(
  { participants }: SimulationReport,
  rowHeight: number,
): { marginLeft: number; marginBottom: number; height: number } {
  const longest = Math.max(4, ...participants.map(({ name }) => name.length));
  return {
    marginLeft: Math.min(160, 22 + longest * 8),
    marginBottom: 44,
    height: 74 + participants.length * rowHeight,
  };
}

const names = ({ participants }: SimulationReport): string[] => participants.map(({ name }) => name);

/** Contributors' pay, with a line at one equal share. */
export function payChart(report: SimulationReport): string {
  const { symbol, decimals } = report.settings.token;
  const data = report.participants.map(({ name, behaviour, pay }) => ({
    name,
    behaviour,
    pay: tokensAsNumber(pay.contribution, decimals),
    label: tokens(pay.contribution, decimals),
  }));
  const equal = data.reduce((sum, { pay }) => sum + pay, 0) / Math.max(1, data.length);
  const most = Math.max(equal, ...data.map(({ pay }) => pay), 1e-9);
  return plotSvg("Pay for contribution by participant", {
    ...rows(report, 26),
    marginRight: 12,
    marginTop: 28,
    color: BEHAVIOUR_COLOURS,
    x: { label: symbol, labelOffset: 38, domain: [0, most * 1.2], ticks: 5, grid: true },
    y: { label: null, domain: names(report) },
    marks: [
      barX(data, { x: "pay", y: "name", fill: "behaviour", insetTop: 2, insetBottom: 2 }),
      // Who was paid nothing has no bar to carry the colour.
      dot(
        data.filter(({ pay }) => pay < most / 100),
        { x: 0, y: "name", fill: "behaviour", r: 5 },
      ),
      text(data, { x: "pay", y: "name", text: "label", textAnchor: "start", dx: 9, fill: "var(--ink)" }),
      ruleX([equal], { stroke: "var(--muted)", strokeDasharray: "5 4" }),
      text(["one equal share"], { x: [equal], frameAnchor: "top", dy: -18, fill: "var(--muted)" }),
    ],
  });
}

/** Share of each round's scores by participant and round. */
export function scoreChart(report: SimulationReport): string {
  const data = report.rounds.flatMap(({ round, scores }) =>
    scoreShares(scores).map((share, index) => ({ round, share, name: report.participants[index]?.name ?? "" })),
  );
  const most = Math.max(...data.map(({ share }) => share), 1e-9);
  const readable = report.rounds.length <= 15;
  const step = Math.ceil(report.rounds.length / 12);
  return plotSvg("Share of each round's scores by participant, in percent", {
    ...rows(report, 28),
    marginRight: 8,
    x: {
      label: "round",
      labelOffset: 38,
      ticks: report.rounds.map(({ round }) => round).filter((round) => (round - 1) % step === 0),
    },
    y: { label: null, domain: names(report) },
    padding: 0.06,
    marks: [
      cell(data, { x: "round", y: "name", fill: "var(--accent)", fillOpacity: 0.05 }),
      cell(data, {
        x: "round",
        y: "name",
        fill: "var(--accent)",
        fillOpacity: ({ share }: { share: number }) => (share / most) * 0.6,
      }),
      readable
        ? text(data, {
            x: "round",
            y: "name",
            text: ({ share }: { share: number }) => (share * 100).toFixed(0),
            fill: "var(--ink)",
          })
        : null,
    ],
    opacity: { type: "identity" },
  });
}

const MOST_TICK_CHARACTERS = 8;

/** Training examples by label: how unlike the participants' data are. */
export function labelChart(report: SimulationReport): string {
  const { of, names: labelNames } = report.labels;
  const data = report.participants.flatMap(({ name, behaviour, labelCounts }) =>
    labelCounts.map((examples, label) => ({ name, behaviour, label, examples })),
  );
  const classes = Math.max(1, ...report.participants.map(({ labelCounts }) => labelCounts.length));
  const longest = Math.max(1, ...labelNames.map((name) => Math.min(MOST_TICK_CHARACTERS, name.length)));
  const step = Math.ceil((classes * (longest + 1)) / 50);
  return plotSvg(`Training examples by participant and ${of}`, {
    ...rows(report, 28),
    marginRight: 8,
    color: BEHAVIOUR_COLOURS,
    r: { range: [0, classes <= 12 ? 13 : 7] },
    x: {
      label: of,
      labelOffset: 38,
      type: "point",
      tickFormat: (label: number) => fit(labelNames[label] ?? "", MOST_TICK_CHARACTERS),
      grid: true,
      padding: 0.6,
      ticks: Array.from({ length: classes }, (_, label) => label).filter((label) => label % step === 0),
    },
    y: { label: null, type: "point", grid: true, padding: 0.6, domain: names(report) },
    marks: [
      dot(
        data.filter(({ examples }) => examples > 0),
        { x: "label", y: "name", r: "examples", fill: "behaviour", fillOpacity: 0.85 },
      ),
    ],
  });
}

/** Gas that each participant's transactions used in the whole run. */
export function gasChart(report: SimulationReport): string {
  return amountChart(report, "Gas by participant", "gas", ({ gas }) => gas, count);
}

/** Bytes that each participant sent and received in the whole run. */
export function bytesChart(report: SimulationReport): string {
  const data = report.participants.flatMap(({ name, bytesSent, bytesReceived }) => [
    { name, way: "sent", amount: bytesSent },
    { name, way: "received", amount: bytesReceived },
  ]);
  const most = Math.max(1, ...data.map(({ amount }) => amount));

  return plotSvg("Bytes sent and received by participant", {
    ...rows(report, 36),
    marginBottom: 30,
    marginRight: 12,
    color: { domain: ["sent", "received"], range: ["var(--sent)", "var(--received)"] },
    x: { domain: [0, most * 1.25], axis: null },
    y: { axis: null, domain: ["sent", "received"] },
    fy: { label: null, domain: names(report), padding: 0.2 },
    marks: [
      axisX({ ticks: 5, tickFormat: (value: number) => bytes(value), label: null }),
      barX(data, { x: "amount", y: "way", fy: "name", fill: "way" }),
      text(data, {
        x: "amount",
        y: "way",
        fy: "name",
        text: ({ amount }: { amount: number }) => bytes(amount),
        textAnchor: "start",
        dx: 5,
        fill: "var(--ink)",
      }),
    ],
  });
}

function amountChart(
  report: SimulationReport,
  title: string,
  label: string,
  of: (participant: SimulationReport["participants"][number]) => number,
  write: (value: number) => string,
): string {
  const data = report.participants.map((one) => ({ name: one.name, behaviour: one.behaviour, amount: of(one) }));
  const most = Math.max(1, ...data.map(({ amount }) => amount));
  return plotSvg(title, {
    ...rows(report, 26),
    marginRight: 12,
    color: BEHAVIOUR_COLOURS,
    x: { label, labelOffset: 38, domain: [0, most * 1.25], ticks: 5, grid: true, tickFormat: "~s" },
    y: { label: null, domain: names(report) },
    marks: [
      barX(data, { x: "amount", y: "name", fill: "behaviour", insetTop: 2, insetBottom: 2 }),
      text(data, {
        x: "amount",
        y: "name",
        text: ({ amount }: { amount: number }) => write(amount),
        textAnchor: "start",
        dx: 5,
        fill: "var(--ink)",
      }),
    ],
  });
}

/** What the colour and number of a participant's share are, in words, for the caption. */
export function shareCaption(report: SimulationReport): string {
  const equal = 1 / Math.max(1, report.participants.length);
  return `Percent of the round's scores; an equal share would be ${percent(equal)}.`;
}
