import { figure, percent, points } from "./format.ts";
import type { ReportMetric, ReportRound } from "./reportData.ts";

/** How what a model is measured by is written: shares in per cent, everything else as a number. */

/** `98.3 %`, or `0.8712`; a dash for what was not measured. */
export function metricValue({ isShare }: ReportMetric, value: number | undefined): string {
  if (value === undefined) return "–";
  return isShare ? percent(value) : figure(value);
}

/** `accuracy 98.3 %` */
export function metricText(metric: ReportMetric, value: number | undefined): string {
  return `${metric.name} ${metricValue(metric, value)}`;
}

/** With its sign: `−0.8 points` of a share, `+0.01234` of anything else. */
export function metricDifference({ isShare }: ReportMetric, difference: number | undefined): string {
  if (difference === undefined) return "–";
  if (isShare) return `${points(difference)} points`;
  if (difference === 0) return "±0";
  return `${difference < 0 ? "−" : "+"}${figure(Math.abs(difference))}`;
}

const ACRONYMS: ReadonlySet<string> = new Set(["auc", "mae", "rmse"]);

/** As a heading: `Accuracy`, `RMSE`, `Macro-F1`. */
export function metricTitle({ name }: ReportMetric): string {
  if (ACRONYMS.has(name)) return name.toUpperCase();
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`.replace(/-f1$/, "-F1");
}

/** What the round's model reaches; undefined where it has no value. */
export function measuredIn({ metrics }: Pick<ReportRound, "metrics">, { name }: ReportMetric): number | undefined {
  return metrics[name];
}

/** By how much `value` is better than `other`, in the metric's unit: negative where it is worse. */
export function leadOver({ better }: ReportMetric, value: number, other: number): number {
  return better === "higher" ? value - other : other - value;
}
