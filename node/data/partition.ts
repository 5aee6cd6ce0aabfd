import { PacelineError } from "../core/errors.ts";
import { type Random, seededRandom } from "../core/random.ts";
import type { Dataset } from "./dataset.ts";
import { cut, dealGroups, dealLabels, dealShards, dirichletShares, equalShares } from "./dealing.ts";

/** Ways to deal one set of examples to the participants of a simulated federation. */
export type PartitionScheme =
  /** Every participant gets a random sample of about the same size. */
  | { readonly kind: "iid" }
  /**
   * Each label is dealt in proportions drawn from a symmetric Dirichlet distribution; the smaller `alpha`, the more one-sided
   * (Hsu, Qi and Brown, "Measuring the Effects of Non-Identical Data Distribution", 2019).
   */
  | { readonly kind: "dirichlet"; readonly alpha: number }
  /** Examples sorted by label are cut into equal shards, and each participant gets a few (McMahan et al., 2017). */
  | { readonly kind: "shards"; readonly shardsPerParticipant: number }
  /**
   * Random samples whose sizes are drawn from a symmetric Dirichlet distribution; the smaller `beta`, the more unequal (Li, Diao, Chen and
   * He, "Federated Learning on Non-IID Data Silos", 2022).
   */
  | { readonly kind: "quantity"; readonly beta: number }
  /** Each participant gets whole groups (users, speakers, sites, sentences), so that sizes are as equal as that allows. */
  | { readonly kind: "group" }
  /** Each participant gets a stretch of the set in its order. */
  | { readonly kind: "blocks" };

export interface PartitionOptions {
  readonly data: Pick<Dataset, "count" | "targets" | "classes" | "groups">;
  readonly participants: number;
  readonly scheme: PartitionScheme;
  readonly seed: number;
  /** Fewest examples anybody gets; 1 by default. Those with the most give up some at random; whole groups are not taken apart. */
  readonly minimumCount?: number;
}

/**
 * @returns for each participant its examples' indices, ascending; every example belongs to exactly one
 * @throws PacelineError `bad-argument` where there are too few examples for everybody's minimum, a parameter is out of range, or the
 *   examples have not what the scheme deals by
 */
export function partition({
  data,
  participants,
  scheme,
  seed,
  minimumCount = 1,
}: PartitionOptions): readonly Int32Array[] {
  if (!Number.isInteger(participants) || participants < 1 || participants > 1_000_000) {
    throw new PacelineError("bad-argument", `participants is 1 to 1,000,000, got ${participants}`);
  }
  if (!Number.isInteger(minimumCount) || minimumCount < 0 || participants * minimumCount > data.count) {
    throw new PacelineError(
      "bad-argument",
      `${data.count} examples do not give ${participants} participants ${minimumCount} each`,
    );
  }
  const random = seededRandom(seed, participants);
  const parts = dealBy(scheme, data, participants, random);
  if (scheme.kind === "group") requireMinimum(parts, minimumCount);
  else levelUp(parts, minimumCount, random);
  return parts.map((part) => Int32Array.from(part).sort());
}

function dealBy(
  scheme: PartitionScheme,
  data: PartitionOptions["data"],
  participants: number,
  random: Random,
): number[][] {
  const inTurn = Int32Array.from({ length: data.count }, (_, i) => i);
  if (scheme.kind === "blocks") return cut(inTurn, equalShares(participants));
  const order = random.shuffle(inTurn);
  switch (scheme.kind) {
    case "iid":
      return cut(order, equalShares(participants));
    case "quantity":
      return cut(order, dirichletShares(inRange("beta", scheme.beta), participants, random));
    case "group":
      return dealGroups(order, requireGroups(data), participants);
    case "shards":
      return dealShards(sortByLabel(order, data), scheme.shardsPerParticipant, participants, random);
    case "dirichlet": {
      const alpha = inRange("alpha", scheme.alpha);
      const shares = (): readonly number[] => dirichletShares(alpha, participants, random);
      return dealLabels(sortByLabel(order, data), requireLabels(data), participants, shares);
    }
  }
}

function inRange(name: string, value: number): number {
  if (value >= 0.001 && value <= 1e6) return value;
  throw new PacelineError("bad-argument", `${name} is 0.001 to 1,000,000, got ${value}`);
}

function sortByLabel(order: Int32Array, data: PartitionOptions["data"]): Int32Array {
  const labels = requireLabels(data);
  return order.toSorted((a, b) => (labels[a] as number) - (labels[b] as number));
}

function requireLabels({ targets, classes }: PartitionOptions["data"]): Int32Array {
  if (classes > 0 && targets.values instanceof Int32Array && targets.shape.length === 0) return targets.values;
  throw new PacelineError(
    "bad-argument",
    "dirichlet and shards deal by label, but these examples have not one class each; deal them by iid, quantity, group or blocks",
  );
}

function requireGroups({ groups }: PartitionOptions["data"]): Int32Array {
  if (groups !== undefined) return groups;
  throw new PacelineError(
    "bad-argument",
    "these examples have no groups to be dealt by; name the column in the data contract (group)",
  );
}

function requireMinimum(parts: readonly (readonly number[])[], minimumCount: number): void {
  const fewest = Math.min(...parts.map((part) => part.length));
  if (fewest < minimumCount)
    throw new PacelineError(
      "bad-argument",
      `dealt by group, somebody gets ${fewest} examples, less than ${minimumCount}; take fewer participants`,
    );
}

function levelUp(parts: number[][], minimumCount: number, random: Random): void {
  for (const part of parts) {
    while (part.length < minimumCount) {
      const largest = parts.reduce((a, b) => (b.length > a.length ? b : a));
      const given = random.below(largest.length);
      part.push(largest[given] as number);
      largest[given] = largest[largest.length - 1] as number;
      largest.pop();
    }
  }
}
