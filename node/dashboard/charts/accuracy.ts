import { dot, lineY, ruleX, ruleY, text, type Markish } from "@observablehq/plot";
import { percent } from "../format.ts";
import type { SimulationReport } from "../reportData.ts";
import { CHART_WIDTH, plotSvg } from "./plotSvg.ts";

interface Point {
  readonly round: number;
  readonly accuracy: number;
}

/** Keeps a label legible where a line runs behind it. */
const HALO = { stroke: "var(--panel)", strokeWidth: 5 } as const;

/** A baseline as a dashed line; its label sits where the curve is not: above at the start, or below at the end. */
function baseline(accuracy: number, label: string, at: number, side: "start" | "end"): Markish[] {
  const place = side === "start" ? { textAnchor: "start", dy: -8 } : { textAnchor: "end", dy: 12 };
  return [
    ruleY([accuracy], { stroke: "var(--muted)", strokeDasharray: "5 4" }),
    text([`${label} ${percent(accuracy)}`], {
      x: [at],
      y: [accuracy],
      fill: "var(--muted)",
      ...HALO,
      ...place,
    } as never),
  ];
}

function ticks(rounds: number): number[] {
  const step = Math.max(1, Math.ceil(rounds / 12));
  return Array.from({ length: rounds }, (_, index) => index + 1).filter((round) => round % step === 0 || round === 1);
}

/** Accuracy of the global model by round, beside one model on all data and the mean of those who train alone. */
export function accuracyChart({ rounds, baselines }: SimulationReport): string {
  const points: Point[] = rounds.map(({ round, accuracy }) => ({ round, accuracy }));
  const last = points.at(-1);
  const caught = rounds
    .filter(({ faults }) => faults.length > 0)
    .map(({ round, faults }) => ({
      round,
      label: `${[...new Set(faults.map(({ participant }) => participant))].join(", ")} caught`,
    }));
  const values = [...points.map(({ accuracy }) => accuracy), baselines.aloneMeanAccuracy, baselines.centralAccuracy];
  const bottom = Math.max(0, Math.floor((Math.min(...values) - 0.04) * 10) / 10);
  const top = Math.min(1.02, Math.max(...values) + 0.08);
  const label = { fill: "var(--ink)", fontWeight: "600", dy: 22, ...HALO, textAnchor: "end" } as const;
  return plotSvg("Accuracy on the test set by round", {
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
      label: "accuracy",
      domain: [bottom, top],
      grid: true,
      tickFormat: (value: number) => percent(value, 0),
      ticks: 6,
    },
    marks: [
      ...baseline(baselines.centralAccuracy, "one model on all the data", 0.75, "start"),
      ...baseline(baselines.aloneMeanAccuracy, "training alone, mean", Math.max(2, rounds.length), "end"),
      lineY(points, { x: "round", y: "accuracy", stroke: "var(--accent)", strokeWidth: 2.5 }),
      dot(points, { x: "round", y: "accuracy", fill: "var(--accent)", r: 3.5 }),
      ruleX(caught, { x: "round", stroke: "var(--sign-flip)", strokeDasharray: "2 3" }),
      text(caught, {
        x: "round",
        text: "label",
        frameAnchor: "bottom",
        textAnchor: "start",
        dx: 5,
        dy: -6,
        fill: "var(--bad)",
      }),
      last === undefined
        ? null
        : text([`federation ${percent(last.accuracy)}`], { x: [last.round], y: [last.accuracy], ...label }),
    ],
    width: CHART_WIDTH,
  });
}
