import { PacelineError } from "../core/errors.ts";
import { seededRandom } from "../core/random.ts";
import type { DataContract } from "./contract.ts";
import { type Dataset, selectExamples } from "./dataset.ts";
import type { PartitionScheme } from "./partition.ts";

export interface Split {
  /** What is trained on. */
  readonly train: Dataset;
  /** What is held back: a seat scores updates on it, or a model is tested on it. */
  readonly heldOut: Dataset;
}

/**
 * Holds back a random part, decided by the seed alone; both parts keep the order of the set.
 * @param share of the examples to hold back, above 0 and below 1; at least one example is on either side
 * @throws PacelineError `bad-argument` where the share is out of range or there are fewer than two examples
 */
export function splitDataset(data: Dataset, share: number, seed: number): Split {
  requireShare(share);
  if (data.count < 2) throw new PacelineError("bad-argument", `${data.count} examples cannot be split in two`);
  const heldOutCount = Math.min(data.count - 1, Math.max(1, Math.round(share * data.count)));
  const order = seededRandom(seed).shuffle(Int32Array.from({ length: data.count }, (_, i) => i));
  return {
    train: selectExamples(data, order.subarray(heldOutCount).toSorted()),
    heldOut: selectExamples(data, order.subarray(0, heldOutCount).toSorted()),
  };
}

/** As `splitDataset`, by whole groups of examples; at least one group is on either side. */
export function splitGroups(data: Dataset, share: number, seed: number): Split {
  requireShare(share);
  const groups = data.groups ?? new Int32Array(data.count);
  const names = seededRandom(seed).shuffle(Int32Array.from(new Set(groups)));
  if (names.length < 2) throw new PacelineError("bad-argument", "examples of one group cannot be split by groups");
  const sizes = new Map<number, number>();
  for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const held = new Set<number>();
  let count = 0;
  for (const group of names.subarray(0, -1)) {
    if (held.size > 0 && count >= share * data.count) break;
    held.add(group);
    count += sizes.get(group) as number;
  }
  const indices = Int32Array.from({ length: data.count }, (_, i) => i);
  const isHeld = (index: number): boolean => held.has(groups[index] as number);
  return {
    train: selectExamples(
      data,
      indices.filter((index) => !isHeld(index)),
    ),
    heldOut: selectExamples(data, indices.filter(isHeld)),
  };
}

/** Holds back a part of what a contract describes: whole sentences of tagged words, for entities are found in whole ones. */
export function splitExamples({ kind }: Pick<DataContract, "kind">, data: Dataset, share: number, seed: number): Split {
  return (kind === "tags" ? splitGroups : splitDataset)(data, share, seed);
}

/** How whole sentences are dealt at random, where words would be: for the same reason. */
export function wholeSequences({ kind }: Pick<DataContract, "kind">, scheme: PartitionScheme): PartitionScheme {
  return kind === "tags" && scheme.kind === "iid" ? { kind: "group" } : scheme;
}

function requireShare(share: number): void {
  if (!(share > 0 && share < 1))
    throw new PacelineError("bad-argument", `the share held back is between 0 and 1, got ${share}`);
}
