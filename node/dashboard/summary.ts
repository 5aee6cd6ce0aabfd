import { measuredIn } from "./metric.ts";
import type { Behaviour, ReportFault, ReportParticipant, SimulationReport } from "./reportData.ts";

/** The figures that come first, derived from a report. */
export interface Summary {
  /** Of the report's metric; undefined where it was not measured. */
  readonly finalValue: number | undefined;
  readonly centralDifference: number | undefined;
  readonly aloneDifference: number | undefined;
  readonly faults: readonly { readonly round: number; readonly fault: ReportFault }[];
  /** Contributors' pay of the participants that were not honest, over one equal share of all contributors' pay. */
  readonly harmfulShare: number;
  readonly hasHarmful: boolean;
}

export const BEHAVIOURS: readonly Behaviour[] = ["honest", "sign-flip", "free-rider"];

export const BEHAVIOUR_NAMES: Readonly<Record<Behaviour, string>> = {
  honest: "honest",
  "sign-flip": "sends sign-flipped updates",
  "free-rider": "free rider",
};

function contribution(participants: readonly ReportParticipant[]): bigint {
  return participants.reduce((sum, { pay }) => sum + BigInt(pay.contribution), 0n);
}

/** Parts per million are exact enough for a share that is shown with one decimal. */
function ratio(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number((part * 1_000_000n) / whole) / 1_000_000;
}

export function summarise({ rounds, participants, baselines, metric }: SimulationReport): Summary {
  const last = rounds.at(-1);
  const finalValue = last === undefined ? undefined : measuredIn(last, metric);
  const difference = (other: number | undefined): number | undefined =>
    finalValue === undefined || other === undefined ? undefined : finalValue - other;
  const harmful = participants.filter(({ behaviour }) => behaviour !== "honest");
  const equalShares = contribution(participants);
  return {
    finalValue,
    centralDifference: difference(baselines.central),
    aloneDifference: difference(baselines.aloneMean),
    faults: rounds.flatMap(({ round, faults }) => faults.map((fault) => ({ round, fault }))),
    harmfulShare: ratio(contribution(harmful) * BigInt(participants.length), equalShares),
    hasHarmful: harmful.length > 0,
  };
}

/** Seconds of a round that a participant waited for others. */
export function waitingSeconds({ seconds, split }: SimulationReport["rounds"][number]): number {
  return Math.max(0, seconds - split.training - split.network - split.chain - split.verification);
}

/** A share of the round's scores by participant; zeros where nobody scored. */
export function scoreShares(scores: readonly number[]): number[] {
  const sum = scores.reduce((total, score) => total + score, 0);
  return scores.map((score) => (sum > 0 ? score / sum : 0));
}
