import { formatUnits } from "viem";
import type { Fault } from "../../daemon/learning/behaviours.ts";
import { leadOver, measuredIn, metricText, metricValue } from "../../dashboard/metric.ts";
import type { ReportCheck, ReportFault, SimulationReport } from "../../dashboard/reportData.ts";
import type { SimulationSettings } from "./settings.ts";

/** Of a share, in points of 100: how far the federation may be behind central training, and must be ahead of training alone. */
const POINTS_BEHIND = 2;
const POINTS_AHEAD = 5;
/** Of anything else: how far it may be behind, as a part of what central training reaches; ahead it must be at all. */
const PART_BEHIND = 0.05;
/** Part of one equal share of the contributors' pay that all misbehaving contributors together stay under. */
const CHEATERS_SHARE = 0.05;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** What a simulation is to show, judged by its own figures. */
export function checksOf(report: Omit<SimulationReport, "checks">, settings: SimulationSettings): ReportCheck[] {
  return [
    ...metricChecks(report),
    ...cheaterCheck(report),
    ...faultCheck(report, settings),
    moneyCheck(report),
    settledCheck(report),
  ];
}

function metricChecks({ rounds, baselines, settings, metric }: Omit<SimulationReport, "checks">): ReportCheck[] {
  const last = rounds.at(-1);
  const final = last === undefined ? undefined : measuredIn(last, metric);
  const { central, aloneMean } = baselines;
  // by how much the federation is better, never so where one of the two has no value
  const lead = (other: number | undefined): number =>
    final === undefined || other === undefined ? -Infinity : leadOver(metric, final, other);
  const behind = metric.isShare ? POINTS_BEHIND / 100 : PART_BEHIND * Math.abs(central ?? 0);
  const ahead = metric.isShare ? POINTS_AHEAD / 100 : 0;
  const close: ReportCheck = {
    name: "close to central training",
    passed: lead(central) >= -behind,
    detail: `federation ${metricText(metric, final)}, one model on all honest data ${metricValue(metric, central)}; at most ${metric.isShare ? `${POINTS_BEHIND} points` : `${100 * PART_BEHIND} %`} behind`,
  };
  if (settings.partition.startsWith("iid")) return [close]; // with equal data there need not be much to gain
  const better: ReportCheck = {
    name: "better than training alone",
    passed: metric.isShare ? lead(aloneMean) >= ahead : lead(aloneMean) > ahead,
    detail: `federation ${metricText(metric, final)}, honest participants alone ${metricValue(metric, aloneMean)} on average; ${metric.isShare ? `at least ${POINTS_AHEAD} points ahead` : `must be ${metric.better}`}`,
  };
  return [close, better];
}

function cheaterCheck({ participants, rounds }: Omit<SimulationReport, "checks">): ReportCheck[] {
  const cheaters = participants.flatMap(({ behaviour }, index) => (behaviour === "honest" ? [] : [index]));
  if (cheaters.length === 0) return [];
  const all = rounds.flatMap(({ pay }) => pay.map(BigInt)).reduce((sum, pay) => sum + pay, 0n);
  const theirs = rounds
    .flatMap(({ pay }) => cheaters.map((index) => BigInt(pay[index] as string)))
    .reduce((sum, pay) => sum + pay, 0n);
  const share = all === 0n ? 0 : Number((theirs * 1_000_000n * BigInt(participants.length)) / all) / 1_000_000;
  return [
    {
      name: "cheating does not pay",
      passed: share < CHEATERS_SHARE,
      detail: `${cheaters.map((index) => participants[index]?.name).join(" and ")} got ${percent(share)} of one equal share of the contributors' pay; under 5 %`,
    },
  ];
}

/** By fault: what the check is called, and how the chain shows it. Silence is a missed duty, a lie is proven. */
const FAULT_CHECKS: Readonly<Record<Fault, { readonly name: string; readonly kind: ReportFault["kind"] }>> = {
  lie: { name: "the lying aggregator is caught", kind: "wrong-aggregate" },
  "hidden-lie": { name: "the hidden lie is shown by the chain and caught", kind: "wrong-aggregate" },
  "silent-lie": { name: "who shows its aggregate to nobody is slashed", kind: "missed" },
  "no-proposal": { name: "the missed slot is slashed", kind: "missed" },
  equivocation: { name: "the equivocator is caught", kind: "wrong-aggregate" },
};

function faultCheck(
  { rounds }: Omit<SimulationReport, "checks">,
  { fault: expected, liarRound }: SimulationSettings,
): ReportCheck[] {
  const round = rounds.find((each) => each.round === liarRound);
  if (liarRound === 0 || round === undefined) return [];
  const { kind, name } = FAULT_CHECKS[expected];
  const fault = round.faults.find((each) => each.kind === kind && BigInt(each.taken) > 0n);
  const replaced = expected === "equivocation" || round.aggregator !== fault?.participant;
  const passed = fault !== undefined && round.outcome === "settled" && replaced;
  const detail = passed
    ? `${faultText(fault)} in round ${liarRound}, and ${round.aggregator} completed it`
    : `a fault (${expected}) was to be slashed in round ${liarRound}, and was not`;
  return [{ name, passed, detail }];
}

function faultText({ kind, participant, prover }: ReportFault): string {
  return kind === "missed" ? `${participant} missed a duty` : `${prover} proved ${participant} at fault`;
}

function moneyCheck({ money, settings }: Omit<SimulationReport, "checks">): ReportCheck {
  const tokens = (wei: string): string => formatUnits(BigInt(wei), settings.token.decimals);
  const [into, out] = [
    `pool ${tokens(money.pool)} + slashed ${tokens(money.slashedIntoPool)}`,
    `paid ${tokens(money.paid)} + left ${tokens(money.left)}`,
  ];
  return {
    name: "every wei is accounted for",
    passed: money.balanced,
    detail: `${into} ${money.balanced ? "=" : "≠"} ${out} ${settings.token.symbol}; the treasury ${money.balanced ? "holds exactly the stakes and what is burned" : "does not match its ledgers"}`,
  };
}

function settledCheck({ rounds, settings }: Omit<SimulationReport, "checks">): ReportCheck {
  const settled = rounds.filter(({ outcome }) => outcome === "settled").length;
  return {
    name: "every round settled",
    passed: settled === settings.rounds,
    detail: `${settled} of ${settings.rounds} rounds`,
  };
}
