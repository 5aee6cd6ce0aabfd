import { PacelineError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";

/** Ways to cut indices of examples into parts, one a participant; every index goes into exactly one. */

export function equalShares(count: number): readonly number[] {
  return new Array<number>(count).fill(1 / count);
}

/** A draw from the symmetric Dirichlet distribution: shares that sum to 1. */
export function dirichletShares(alpha: number, count: number, random: Random): readonly number[] {
  const draws = Array.from({ length: count }, () => random.gamma(alpha));
  const total = draws.reduce((sum, draw) => sum + draw, 0);
  if (total > 0) return draws.map((draw) => draw / total);
  // every draw underflowed, as happens for the smallest alphas: the limit gives one participant everything
  const winner = random.below(count);
  return draws.map((_, k) => (k === winner ? 1 : 0));
}

/** Cuts at the rounded cumulative shares, so that nothing is lost or doubled. */
export function cut(indices: Int32Array, shares: readonly number[]): number[][] {
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

/** Each label by shares of its own. `byLabel` has equal labels side by side. */
export function dealLabels(
  byLabel: Int32Array,
  labels: Int32Array,
  participants: number,
  shares: () => readonly number[],
): number[][] {
  const parts: number[][] = Array.from({ length: participants }, () => []);
  for (const ofOneLabel of runsOf(byLabel, labels))
    cut(ofOneLabel, shares()).forEach((share, k) => share.forEach((index) => parts[k]?.push(index)));
  return parts;
}

export function dealShards(
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

/**
 * Whole groups, the largest first, each to whoever has least so far (Graham's rule of 1969: nobody gets more than 4/3 of the most that the
 * best dealing would give anybody).
 * @param order decides between groups of equal size
 */
export function dealGroups(order: Int32Array, groups: Int32Array, participants: number): number[][] {
  const members = new Map<number, number[]>();
  for (const index of order) {
    const group = groups[index] as number;
    const known = members.get(group);
    if (known === undefined) members.set(group, [index]);
    else known.push(index);
  }
  if (members.size < participants)
    throw new PacelineError("bad-argument", `${members.size} groups do not give ${participants} participants one each`);
  const parts: number[][] = Array.from({ length: participants }, () => []);
  for (const group of [...members.values()].sort((a, b) => b.length - a.length)) {
    const least = parts.reduce((a, b) => (b.length < a.length ? b : a));
    for (const index of group) least.push(index);
  }
  return parts;
}

/** The stretches of equal label, in turn. */
function* runsOf(byLabel: Int32Array, labels: Int32Array): Generator<Int32Array> {
  for (let from = 0, to = 0; from < byLabel.length; from = to) {
    const label = labels[byLabel[from] as number];
    while (to < byLabel.length && labels[byLabel[to] as number] === label) to++;
    yield byLabel.subarray(from, to);
  }
}
