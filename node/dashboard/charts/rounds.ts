import { barY, ruleY, type ScaleOptions } from "@observablehq/plot";
import { bytes } from "../format.ts";
import type { ReportRound, SimulationReport } from "../reportData.ts";
import { waitingSeconds } from "../summary.ts";
import { plotSvg } from "./plotSvg.ts";

/** Where a participant's seconds go, from the bottom of the stack up; the colours are CSS variables of the same names. */
export const SECONDS_PARTS = ["training", "network", "chain", "verification", "waiting"] as const;

function part(round: ReportRound, name: (typeof SECONDS_PARTS)[number]): number {
  return name === "waiting" ? waitingSeconds(round) : round.split[name];
}

function roundAxis({ rounds }: SimulationReport): ScaleOptions {
  const step = Math.ceil(rounds.length / 12);
  const ticks = rounds.map(({ round }) => round).filter((round) => (round - 1) % step === 0);
  return { label: "round", labelOffset: 38, ticks, padding: 0.2 };
}

export function secondsChart(report: SimulationReport): string {
  const data = report.rounds.flatMap((round) =>
    SECONDS_PARTS.map((name) => ({ round: round.round, name, seconds: part(round, name) })),
  );
  return plotSvg("Seconds of each round by what they went into", {
    height: 310,
    marginLeft: 44,
    marginBottom: 44,
    color: { domain: SECONDS_PARTS, range: SECONDS_PARTS.map((name) => `var(--${name})`) },
    x: roundAxis(report),
    y: { label: "seconds", grid: true, ticks: 6 },
    marks: [
      barY(data, { x: "round", y: "seconds", fill: "name", order: [...SECONDS_PARTS] }),
      ruleY([0], { stroke: "var(--muted)" }),
    ],
  });
}

export function gasByRoundChart(report: SimulationReport): string {
  return barsByRound(report, "Gas per participant by round", ({ gasPerParticipant }) => gasPerParticipant, "~s");
}

export function bytesByRoundChart(report: SimulationReport): string {
  return barsByRound(report, "Bytes per participant by round", ({ bytesPerParticipant }) => bytesPerParticipant, bytes);
}

function barsByRound(
  report: SimulationReport,
  title: string,
  of: (round: ReportRound) => number,
  tickFormat: string | ((value: number) => string),
): string {
  const data = report.rounds.map((round) => ({ round: round.round, amount: of(round) }));
  return plotSvg(title, {
    height: 205,
    marginLeft: 64,
    marginBottom: 44,
    x: roundAxis(report),
    y: {
      label: null,
      domain: [0, Math.max(1, ...data.map(({ amount }) => amount))],
      nice: true,
      grid: true,
      ticks: 4,
      tickFormat: tickFormat as string,
    },
    marks: [barY(data, { x: "round", y: "amount", fill: "var(--accent)" }), ruleY([0], { stroke: "var(--muted)" })],
  });
}
