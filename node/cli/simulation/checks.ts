import { formatUnits } from "viem";
import type { Fault } from "../../daemon/behaviours.ts";
import type { ReportCheck, ReportFault, SimulationReport } from "../../dashboard/reportData.ts";
import type { SimulationSettings } from "./settings.ts";

/** Points, of 100, that the federation may fall behind central training, and must be ahead of training alone. */
const WITHIN_CENTRAL = 0.02;
const ABOVE_ALONE = 0.05;
/** Part of one equal share of the contributors' pay that all misbehaving contributors together stay under. */
const CHEATERS_SHARE = 0.05;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** What a simulation is to show, judged by its own figures. */
export function checksOf(report: Omit<SimulationReport, "checks">, settings: SimulationSettings): ReportCheck[] {
  return [
    ...accuracyChecks(report),
    ...cheaterCheck(report),
    ...faultCheck(report, settings),
    moneyCheck(report),
    settledCheck(report),
  ];
}

function accuracyChecks({ rounds, baselines, settings }: Omit<SimulationReport, "checks">): ReportCheck[] {
  const final = rounds[rounds.length - 1]?.accuracy ?? 0;
  const checks: ReportCheck[] = [
    {
      name: "close to central training",
      passed: final >= baselines.centralAccuracy - WITHIN_CENTRAL,
      detail: `federation ${percent(final)}, one model on all honest data ${percent(baselines.centralAccuracy)}; at most 2 points behind`,
    },
  ];
  if (settings.partition.startsWith("iid")) return checks; // with equal data there need not be much to gain
  return [
    ...checks,
    {
      name: "better than training alone",
      passed: final >= baselines.aloneMeanAccuracy + ABOVE_ALONE,
      detail: `federation ${percent(final)}, honest participants alone ${percent(baselines.aloneMeanAccuracy)} on average; at least 5 points ahead`,
    },
  ];
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
