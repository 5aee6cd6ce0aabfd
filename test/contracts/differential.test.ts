import { expect } from "chai";
import type { Contract } from "ethers";
import { network } from "hardhat";
import { before, describe, it } from "mocha";
import { coordinateOf } from "../../node/core/aggregationRule.ts";
import { toHex } from "../../node/core/bytes.ts";
import { AGGREGATION_RULES } from "../../node/core/jobTerms.ts";
import { buildTree, proveLeaf } from "../../node/core/merkle.ts";
import { seededRandom, type Random } from "../../node/core/random.ts";
import { encodeVector, medianScores, scoreVector, splitByScore, type SeatScores } from "../../node/core/scores.ts";
import { lowerMedian } from "../../node/core/weightedMean.ts";
import { read } from "./world.ts";

/** Random cases, more and larger than test/vectors holds, made from seeds and computed in both languages. */

const CASES = 1000;
const NONE = 2n ** 256n - 1n;

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const pick = <T>(random: Random, choices: readonly T[]): T => choices[random.below(choices.length)] as T;

describe("Solidity and TypeScript agree on 1,000 random cases", () => {
  let harness: Contract;
  const call = async <T>(name: string, ...args: readonly unknown[]): Promise<T> => read<T>(harness, name, ...args);

  before(async () => {
    const { ethers } = await network.create();
    harness = await ethers.deployContract("LibraryHarness");
  });

  AGGREGATION_RULES.forEach((name, rule) => {
    it(`of the ${name}`, async () => {
      const random = seededRandom(100, rule);
      for (let i = 0; i < CASES; i++) {
        const { values, weights } = randomColumn(random);
        const permille = pick(random, [0, 1, 100, 333, 499, random.below(500)]);
        const found = await call<bigint>("coordinateOf", rule, permille, values, weights);
        expect(Number(found), `case ${i}`).to.equal(coordinateOf(rule, permille, values, weights));
      }
    }).timeout(30_000);
  });

  it("of Merkle proofs, those of the fill included", async () => {
    const random = seededRandom(103);
    for (let i = 0; i < CASES; i++) {
      const leafBytes = pick(random, [128, 256, 512]);
      const leafCount = 1 + random.below(pick(random, [2, 5, 40, 130]));
      const bytes = Uint8Array.from({ length: leafBytes * leafCount }, () => random.below(256));
      const tree = buildTree(bytes, leafBytes);
      const index = random.below(2 ** tree.depth);
      const leaf = index < leafCount ? bytes.subarray(index * leafBytes, (index + 1) * leafBytes) : zeros(leafBytes);
      const siblings = proveLeaf(tree, index).map(toHex);
      expect(await call("rootOf", toHex(leaf), siblings, index), `case ${i}`).to.equal(tree.root);
    }
  }).timeout(30_000);

  it("of sorting and of lower medians", async () => {
    const random = seededRandom(104);
    for (let i = 0; i < CASES; i++) {
      const kind = pick(random, [2, 10, 10_001, 2 ** 32]);
      const values = times(1 + random.below(64), () => random.below(kind));
      if (random.below(4) === 0) values.sort((a, b) => a - b);
      const sorted = [...values].sort((a, b) => a - b).map(BigInt);
      expect([...(await call<bigint[]>("sort", values))], `case ${i}`).to.deep.equal(sorted);
      expect(await call("lowerMedian", values)).to.equal(BigInt(lowerMedian(values)));
    }
  }).timeout(30_000);

  it("of the medians of score vectors, own scores masked", async () => {
    const random = seededRandom(105);
    for (let i = 0; i < CASES; i++) {
      const included = 1 + random.below(pick(random, [3, 20, 64]));
      const voters = randomVoters(random, included);
      const vectors = voters.map(({ vector }) => wordsOf(encodeVector(vector)));
      const owns = voters.map(({ own }) => own ?? NONE);
      const expected = medianScores(voters, included).map((median) => (median === undefined ? NONE : BigInt(median)));
      expect([...(await call<bigint[]>("mediansOf", vectors, owns, included))], `case ${i}`).to.deep.equal(expected);
    }
  }).timeout(30_000);

  it("of splitting pay to the wei", async () => {
    const random = seededRandom(106);
    for (let i = 0; i < CASES; i++) {
      const scores = randomScores(random);
      const amount = pick(random, [0n, BigInt(random.below(99)), 10n ** 21n, BigInt(random.uint32()) ** 6n]);
      const parts = [...(await call<bigint[]>("splitByScore", amount, scores))];
      expect(parts, `case ${i}`).to.deep.equal(splitByScore(amount, scores));
      expect(parts.reduce((sum, part) => sum + part, 0n)).to.equal(amount);
    }
  }).timeout(30_000);
});

const zeros = (length: number): Uint8Array => new Uint8Array(length);

/** 1 to 64 values: extremes only, ties, all below zero, or anything. */
function randomColumn(random: Random): { readonly values: number[]; readonly weights: number[] } {
  const size = pick<number>(random, [1, 2, 3, 32, 64, 1 + random.below(64)]);
  const kind = random.below(4);
  const values = times(size, () => {
    if (kind === 0) return pick(random, [32_767, -32_767, -32_768]);
    if (kind === 1) return random.below(5) - 2;
    if (kind === 2) return -1 - random.below(32_767);
    return random.below(65_535) - 32_767;
  });
  const largest = pick(random, [1, 10, 2 ** 23]);
  return { values, weights: times(size, () => 1 + random.below(largest)) };
}

/** 1 to 32 who scored; some of them are in the include set, each with an update of its own. */
function randomVoters(random: Random, included: number): SeatScores[] {
  const owners = random.shuffle(times(included, (index) => index));
  return times(1 + random.below(pick(random, [4, 9, 32])), (voter) => {
    const own = random.below(3) > 0 ? owners[voter] : undefined;
    const contributions = times(included, () => (random.below(4) === 0 ? 0 : random.uniform()));
    return { own, vector: scoreVector(contributions, own) };
  }).filter(({ vector }) => vector !== undefined);
}

/** A packed vector, sixteen scores a word, as the job stores it. */
function wordsOf(vector: Uint8Array): string[] {
  return times(Math.ceil(vector.length / 32), (word) => {
    const bytes = zeros(32);
    bytes.set(vector.subarray(32 * word, 32 * word + 32));
    return toHex(bytes);
  });
}

/** Up to 64 scores, not all zero: equal ones, trailing ones in 1/256 points, mostly zero ones. */
function randomScores(random: Random): number[] {
  const size = pick<number>(random, [1, 2, 32, 64, 1 + random.below(64)]);
  const kind = random.below(4);
  const scores = times<number>(size, () => {
    if (kind === 0) return 7;
    if (kind === 1) return random.below(10_000 * 256 + 1);
    if (kind === 2) return random.below(6) === 0 ? 1 + random.below(10_000) : 0;
    return random.below(10_001);
  });
  if (!scores.some((score) => score > 0)) scores[size - 1] = 1;
  return scores;
}
