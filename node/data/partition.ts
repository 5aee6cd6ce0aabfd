import { PacelineError } from "../core/errors.ts";
import { type Random, seededRandom } from "../core/random.ts";

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
  | { readonly kind: "shards"; readonly shardsPerParticipant: number };

export interface PartitionOptions {
  readonly labels: Int32Array;
  readonly participants: number;
  readonly scheme: PartitionScheme;
  readonly seed: number;
  /** Fewest examples anybody gets; 1 by default. Those with the most give up some at random. */
  readonly minimumCount?: number;
}

/**
 * @returns for each participant its examples' indices, ascending; every example belongs to exactly one
 * @throws PacelineError `bad-argument` where there are too few examples for everybody's minimum, or a parameter is out of range
 */
export function partition({
  labels,
  participants,
  scheme,
  seed,
  minimumCount = 1,
}: PartitionOptions): readonly Int32Array[] {
  if (!Number.isInteger(participants) || participants < 1 || participants > 1_000_000) {
    throw new PacelineError("bad-argument", `participants is 1 to 1,000,000, got ${participants}`);
  }
  if (!Number.isInteger(minimumCount) || minimumCount < 0 || participants * minimumCount > labels.length) {
    throw new PacelineError(
      "bad-argument",
      `${labels.length} examples do not give ${participants} participants ${minimumCount} each`,
    );
  }
  const random = seededRandom(seed, participants);
  const order = random.shuffle(Int32Array.from(labels.keys()));
  const parts = dealBy(scheme, order, labels, participants, random);
  levelUp(parts, minimumCount, random);
  return parts.map((part) => Int32Array.from(part).sort());
}

function dealBy(
  scheme: PartitionScheme,
  order: Int32Array,
  labels: Int32Array,
  participants: number,
  random: Random,
): number[][] {
  if (scheme.kind === "iid") return cut(order, equalShares(participants));
  const byLabel = order.toSorted((a, b) => (labels[a] as number) - (labels[b] as number));
  if (scheme.kind === "shards") return dealShards(byLabel, scheme.shardsPerParticipant, participants, random);
  if (!(scheme.alpha >= 0.001 && scheme.alpha <= 1e6))
    throw new PacelineError("bad-argument", `alpha is 0.001 to 1,000,000, got ${scheme.alpha}`);
  const parts: number[][] = Array.from({ length: participants }, () => []);
  for (const ofOneLabel of runsOf(byLabel, labels)) {
    const shares = dirichlet(scheme.alpha, participants, random);
    cut(ofOneLabel, shares).forEach((share, k) => share.forEach((index) => parts[k]?.push(index)));
  }
  return parts;
}

function dealShards(
  byLabel: Int32Array,
  shardsPerParticipant: number,
  participants: number,
  random: Random,
): number[][] {
  const shardCount = shardsPerParticipant * participants;
  if (!Number.isInteger(shardsPerParticipant) || shardsPerParticipant < 1 || shardCount > byLabel.length) {
    throw new PacelineError(
      "bad-argument",
      `${byLabel.length} examples cannot be cut into ${shardsPerParticipant} shards for each of ${participants}`,
    );
  }
  const shards = cut(byLabel, equalShares(shardCount));
  const dealt = random.shuffle(Int32Array.from(shards.keys()));
  return Array.from({ length: participants }, (_, k) =>
    [...dealt.subarray(k * shardsPerParticipant, (k + 1) * shardsPerParticipant)].flatMap(
      (shard) => shards[shard] as number[],
    ),
  );
}

/** The stretches of equal label, in turn. */
function* runsOf(byLabel: Int32Array, labels: Int32Array): Generator<Int32Array> {
  for (let from = 0, to = 0; from < byLabel.length; from = to) {
    const label = labels[byLabel[from] as number];
    while (to < byLabel.length && labels[byLabel[to] as number] === label) to++;
    yield byLabel.subarray(from, to);
  }
}

function equalShares(count: number): readonly number[] {
  return new Array<number>(count).fill(1 / count);
}

function dirichlet(alpha: number, count: number, random: Random): readonly number[] {
  const draws = Array.from({ length: count }, () => random.gamma(alpha));
  const total = draws.reduce((sum, draw) => sum + draw, 0);
  if (total > 0) return draws.map((draw) => draw / total);
  // every draw underflowed, as happens for the smallest alphas: the limit gives one participant everything
  const winner = random.below(count);
  return draws.map((_, k) => (k === winner ? 1 : 0));
}

/** Cuts at the rounded cumulative shares, so that nothing is lost or doubled. */
function cut(indices: Int32Array, shares: readonly number[]): number[][] {
  let cumulative = 0;
  let from = 0;
  return shares.map((share, k) => {
    cumulative += share;
    const to =
      k === shares.length - 1 ? indices.length : Math.min(indices.length, Math.round(cumulative * indices.length));
    const part = [...indices.subarray(from, to)];
    from = to;
    return part;
  });
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
