import type { DataContract } from "../../data/contract.ts";
import type { Dataset } from "../../data/dataset.ts";
import { figure } from "../../dashboard/format.ts";
import type { ReportLabels } from "../../dashboard/reportData.ts";

/** How unlike participants' data are: their examples by label. */
export interface LabelTally {
  readonly labels: ReportLabels;
  /** For each set, in the order of the labels. */
  readonly counts: readonly (readonly number[])[];
}

/** More classes than this are not shown. */
const MOST_CLASSES = 40;
const STRETCHES = 10;

/** Examples of each set by class; by equal stretches of the target where that is a number. */
export function tallyLabels(sets: readonly Dataset[], contract: DataContract): LabelTally {
  const [first] = sets;
  if (first === undefined) return { labels: { of: "class", names: [] }, counts: [] };
  return first.classes > 0 ? tallyClasses(sets, first.classes, contract) : tallyNumbers(sets, contract);
}

function tallyClasses(sets: readonly Dataset[], classes: number, contract: DataContract): LabelTally {
  const all = sets.map(({ targets }) => countClasses(targets.values, classes));
  const total = (label: number): number => all.reduce((sum, counts) => sum + (counts[label] ?? 0), 0);
  const shown = Array.from({ length: classes }, (_, label) => label)
    .sort((a, b) => total(b) - total(a) || a - b)
    .slice(0, MOST_CLASSES)
    .sort((a, b) => a - b);
  const names = classNames(contract);
  return {
    labels: { of: "class", names: shown.map((label) => names[label] ?? `${label}`) },
    counts: all.map((counts) => shown.map((label) => counts[label] ?? 0)),
  };
}

function countClasses(targets: Dataset["targets"]["values"], classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of targets) if (label >= 0) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

function classNames(contract: DataContract): readonly string[] {
  switch (contract.kind) {
    case "table":
      return contract.label.type === "class" ? (contract.label.classes ?? []) : [];
    case "images":
      return contract.classes ?? [];
    case "text":
      return contract.label.classes ?? [];
    case "tags":
      return contract.tags ?? [];
    case "characters":
      return Array.from(contract.vocabulary ?? "", (character) => JSON.stringify(character).slice(1, -1));
    case "ratings":
    case "array":
      return [];
  }
}

function tallyNumbers(sets: readonly Dataset[], contract: DataContract): LabelTally {
  const [low, high] = rangeOf(sets);
  const width = (high - low) / STRETCHES;
  const stretchOf = (value: number): number =>
    width > 0 ? Math.min(STRETCHES - 1, Math.floor((value - low) / width)) : 0;
  const inOwnUnit = ownUnit(contract);
  return {
    labels: {
      of: "target",
      names: Array.from({ length: width > 0 ? STRETCHES : 1 }, (_, i) => figure(inOwnUnit(low + i * width))),
    },
    counts: sets.map(({ targets }) => {
      const counts = new Array<number>(width > 0 ? STRETCHES : 1).fill(0);
      for (const value of targets.values) counts[stretchOf(value)] = (counts[stretchOf(value)] ?? 0) + 1;
      return counts;
    }),
  };
}

function rangeOf(sets: readonly Dataset[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const { targets } of sets) {
    for (const value of targets.values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return [low, high];
}

/** Undoes what a contract does to numbers before they are learnt. */
function ownUnit(contract: DataContract): (value: number) => number {
  if (contract.kind === "ratings") return (value) => value + (contract.mean ?? 0);
  if (contract.kind !== "table" || contract.label.type !== "number" || contract.label.scale === "none")
    return (value) => value;
  const { mean = 0, stddev = 1 } = contract.label;
  return (value) => mean + stddev * value;
}
