import { dot, lineY, ruleX, ruleY, text, type Markish } from "@observablehq/plot";
import { figure, percent } from "../format.ts";
import { measuredIn, metricTitle, metricValue } from "../metric.ts";
import type { ReportMetric, SimulationReport } from "../reportData.ts";
import { CHART_WIDTH, plotSvg } from "./plotSvg.ts";

interface Point {
  readonly round: number;
  readonly value: number;
}

/** Keeps a label legible where a line runs behind it. */
const HALO = { stroke: "var(--panel)", strokeWidth: 5 } as const;

/**
 * A baseline as a dashed line; its label sits where the curve is not: beyond central training at the start, short of lone training at
 * the end.
 */
function baseline(
  metric: ReportMetric,
  value: number | undefined,
  label: string,
  at: number,
  side: "start" | "end",
): Markish[] {
  if (value === undefined) return [];
  const above = (side === "start") === (metric.better === "higher");
  return [
    ruleY([value], { stroke: "var(--muted)", strokeDasharray: "5 4" }),
    text([`${label} ${metricValue(metric, value)}`], {
      x: [at],
      y: [value],
      fill: "var(--muted)",
      ...HALO,
      textAnchor: side,
      dy: above ? -8 : 12,
    } as never),
  ];
}

function ticks(rounds: number): number[] {
  const step = Math.max(1, Math.ceil(rounds / 12));
  return Array.from({ length: rounds }, (_, index) => index + 1).filter((round) => round % step === 0 || round === 1);
}

/** Room around the values; no metric is below 0. */
function domainOf({ isShare }: ReportMetric, values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (values.length === 0) return [0, 1];
  if (isShare) return [Math.max(0, Math.floor((low - 0.04) * 10) / 10), Math.min(1.02, high + 0.08)];
  const room = Math.max(0.12 * (high - low), 0.02 * high, 1e-9);
  return [Math.max(0, low - room), high + room];
}

/** The metric of the global model by round, beside one model on all data and the mean of those who train alone. */
export function metricChart({ rounds, baselines, metric }: SimulationReport): string {
  const points = rounds.flatMap((round): Point[] => {
    const value = measuredIn(round, metric);
    return value === undefined ? [] : [{ round: round.round, value }];
  });
  const last = points.at(-1);
  const caught = rounds
    .filter(({ faults }) => faults.length > 0)
    .map(({ round, faults }) => ({
      round,
      label: `${[...new Set(faults.map(({ participant }) => participant))].join(", ")} caught`,
    }));
  const compared = [baselines.central, baselines.aloneMean].filter((value) => value !== undefined);
  const label = { fill: "var(--ink)", fontWeight: "600", ...HALO, textAnchor: "end" } as const;
  return plotSvg(`${metricTitle(metric)} on the test set by round`, {
    height: 330,
    marginBottom: 44,
    marginLeft: 52,
    marginRight: 16,
    x: {
      label: "round",
      labelOffset: 38,
      ticks: ticks(rounds.length),
      tickFormat: "d",
      domain: [0.7, Math.max(2, rounds.length) + 0.15],
    },
    y: {
      label: metric.name,
      domain: domainOf(metric, [...points.map(({ value }) => value), ...compared]),
      grid: true,
      tickFormat: (value: number) => (metric.isShare ? percent(value, 0) : figure(value)),
      ticks: 6,
    },
    marks: [
      ...baseline(metric, baselines.central, "one model on all the data", 0.75, "start"),
      ...baseline(metric, baselines.aloneMean, "training alone, mean", Math.max(2, rounds.length), "end"),
      lineY(points, { x: "round", y: "value", stroke: "var(--accent)", strokeWidth: 2.5 }),
      dot(points, { x: "round", y: "value", fill: "var(--accent)", r: 3.5 }),
      ruleX(caught, { x: "round", stroke: "var(--sign-flip)", strokeDasharray: "2 3" }),
      text(caught, {
        x: "round",
        text: "label",
        frameAnchor: metric.better === "higher" ? "bottom" : "top",
        textAnchor: "start",
        dx: 5,
        dy: metric.better === "higher" ? -6 : 6,
        fill: "var(--bad)",
      }),
      last === undefined
        ? null
        : text([`federation ${metricValue(metric, last.value)}`], {
            x: [last.round],
            y: [last.value],
            dy: metric.better === "higher" ? 22 : -18,
            ...label,
          }),
    ],
    width: CHART_WIDTH,
  });
}
