import { expect } from "chai";
import type { Contract } from "ethers";
import hre, { network } from "hardhat";
import { before, beforeEach, describe, it } from "mocha";
import { keccakWords, type Hex } from "../../node/core/bytes.ts";
import { seededRandom, type Random } from "../../node/core/random.ts";
import { COHORT_TAG, COMMITTEE_TAG } from "../../node/core/sortition.ts";
import { drawWeighted } from "../../node/core/weightedDraw.ts";
import { chiSquareAgainst, inclusionOdds, maskOf, setOdds } from "../helpers/drawOdds.ts";
import { vectorCases } from "../helpers/vectors.ts";
import { read } from "./world.ts";

/** The tree of weights, held to a plain list of them. */

const CASES = 1000;
/** Weights that are set in one transaction. */
const BATCH = 1000;
/** The most that a transaction may use (EIP-7825). Named, so that nothing is run several times to estimate it. */
const GAS_LIMIT = 2 ** 24;

type Change = readonly [id: number, weight: number];

let tree: Contract;
let deployTree: () => Promise<Contract>;

before(async () => {
  const { ethers } = await network.create();
  deployTree = async () => ethers.deployContract("SumTreeHarness");
});

beforeEach(async () => {
  tree = await deployTree();
});

async function setAll(changes: readonly Change[]): Promise<void> {
  for (let start = 0; start < changes.length; start += BATCH) {
    const batch = changes.slice(start, start + BATCH);
    await tree.getFunction("set").send(...columnsOf(batch), { gasLimit: GAS_LIMIT });
  }
}

const columnsOf = (changes: readonly Change[]): [number[], number[]] => [
  changes.map(([id]) => id),
  changes.map(([, weight]) => weight),
];

const numbers = (values: readonly bigint[]): number[] => [...values].map(Number);

async function draw(seed: Hex, tag: Hex, count: number): Promise<number[]> {
  return numbers(await read<bigint[]>(tree, "draw", seed, tag, count));
}

/** Sets the weights in a tree that was empty, draws, and forgets it all. */
async function drawAfter(changes: readonly Change[], seed: Hex, tag: Hex, count: number): Promise<number[]> {
  return numbers(await read<bigint[]>(tree, "drawAfter", ...columnsOf(changes), seed, tag, count));
}

async function summary(): Promise<number[]> {
  return numbers(await read<bigint[]>(tree, "summary"));
}

/** The weights by id that a list of changes comes to. */
function weightsAfter(changes: readonly Change[]): number[] {
  const weights = new Array<number>(1 + Math.max(...changes.map(([id]) => id))).fill(0);
  for (const [id, weight] of changes) weights[id] = weight;
  return weights;
}
const hasWeight = (weights: readonly number[]): number => weights.filter((weight) => weight > 0).length;
const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function randomChanges(random: Random, count: number, ids: number): Change[] {
  const largest = [2, 3, 1001, 65_536][random.below(4)] as number;
  return Array.from({ length: count }, () => [random.below(ids), random.below(largest)] as const);
}

describe("the tree draws what node/core draws", () => {
  it("from the vectors", async () => {
    interface Case {
      seed: Hex;
      tag: Hex;
      weights: Change[];
      count: number;
      drawn: number[];
    }
    for (const one of vectorCases<Case>("sortition.json", "weightedDraws")) {
      expect(await drawAfter(one.weights, one.seed, one.tag, one.count)).to.deep.equal(one.drawn);
    }
  }).timeout(30_000);

  it("from 1,000 random trees of 1 to 10,000 ids, weights set over and over", async () => {
    const random = seededRandom(200);
    for (let i = 0; i < CASES; i++) {
      const ids = [3, 8, 9, 64, 65, 512, 513, 4096, 4097, 10_000][i % 10] as number;
      const changes = randomChanges(random, 1 + random.below(i % 20 === 0 ? 90 : 25), ids);
      const weights = weightsAfter(changes);
      const count = random.below(Math.min(64, hasWeight(weights)) + 1);
      const [seed, tag] = [keccakWords(i), random.below(2) === 0 ? COHORT_TAG : COMMITTEE_TAG];
      const expected = drawWeighted(seed, tag, weights, count);
      expect(await drawAfter(changes, seed, tag, count), `case ${i}`).to.deep.equal(expected);
    }
  }).timeout(60_000);

  it("from one tree that lives through 100 batches of changes and keeps every weight", async () => {
    const random = seededRandom(201);
    const weights = new Array<number>(700).fill(0);
    for (let step = 0; step < 100; step++) {
      const changes = randomChanges(random, 1 + random.below(12), step < 50 ? 60 : 700);
      await setAll(changes);
      for (const [id, weight] of changes) weights[id] = weight;
      expect((await summary()).slice(1), `step ${step}`).to.deep.equal([hasWeight(weights), sumOf(weights)]);
      const count = Math.min(32, hasWeight(weights));
      const expected = drawWeighted(keccakWords(step), COMMITTEE_TAG, weights, count);
      expect(await draw(keccakWords(step), COMMITTEE_TAG, count), `step ${step}`).to.deep.equal(expected);
    }
    expect(numbers(await read<bigint[]>(tree, "weightsFrom", 0, 700))).to.deep.equal(weights);
  }).timeout(60_000);

  it("of everybody, in an order", async () => {
    await setAll(Array.from({ length: 64 }, (_, id) => [id, 1] as const));
    const drawn = await draw(COHORT_TAG, COHORT_TAG, 64);
    expect([...drawn].sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 64 }, (_, id) => id));
    expect(drawn).to.deep.equal(drawWeighted(COHORT_TAG, COHORT_TAG, new Array<number>(64).fill(1), 64));
  });

  it("at the largest ids, weights and sums that it holds", async () => {
    const changes = [0, 1, 7, 8, 32_767, 32_768, 65_527, 65_528, 65_534, 65_535].map((id) => [id, 65_535] as const);
    await setAll(changes);
    expect(await summary()).to.deep.equal([6, 10, 655_350]);
    expect(await draw(COHORT_TAG, COHORT_TAG, 10)).to.deep.equal(
      drawWeighted(COHORT_TAG, COHORT_TAG, weightsAfter(changes), 10),
    );
  });
});

describe("the tree", () => {
  it("grows by a level just where an id does not fit, and keeps what it held", async () => {
    const held: Change[] = [];
    for (const [id, levels] of [
      [0, 1],
      [7, 1],
      [8, 2],
      [63, 2],
      [64, 3],
      [511, 3],
      [512, 4],
      [4095, 4],
      [4096, 5],
      [32_767, 5],
      [32_768, 6],
      [65_535, 6],
    ] as const) {
      held.push([id, 1 + (id % 999)]);
      await setAll(held.slice(-1));
      expect(await summary()).to.deep.equal([levels, held.length, sumOf(held.map(([, weight]) => weight))]);
      expect(await draw(keccakWords(id), COHORT_TAG, held.length)).to.deep.equal(
        drawWeighted(keccakWords(id), COHORT_TAG, weightsAfter(held), held.length),
      );
    }
  });

  it("grows over several levels at once, from empty and from full", async () => {
    await setAll([[600, 5]]);
    expect(await summary()).to.deep.equal([4, 1, 5]);
    await setAll([
      [3, 2],
      [40_000, 9],
      [600, 0],
    ]);
    expect(await summary()).to.deep.equal([6, 2, 11]);
    expect((await draw(COHORT_TAG, COHORT_TAG, 2)).sort((a, b) => a - b)).to.deep.equal([3, 40_000]);
  });

  it("does not change when a weight is set to what it is", async () => {
    await setAll([
      [2, 4],
      [9, 0],
      [2, 4],
    ]);
    expect(await summary()).to.deep.equal([1, 1, 4]);
  });

  it("forgets whoever is taken out, down to nobody", async () => {
    await setAll([
      [1, 4],
      [70, 6],
    ]);
    await setAll([
      [1, 0],
      [70, 0],
    ]);
    expect(await summary()).to.deep.equal([3, 0, 0]);
    expect(await draw(COHORT_TAG, COHORT_TAG, 0)).to.deep.equal([]);
    await setAll([[5, 1]]);
    expect(await draw(COHORT_TAG, COHORT_TAG, 1)).to.deep.equal([5]);
  });

  it("refuses to draw more than there are, the empty tree too", async () => {
    await expect(read(tree, "draw", COHORT_TAG, COHORT_TAG, 1))
      .to.be.revertedWithCustomError(tree, "TooFewToDrawFrom")
      .withArgs(0, 1);
    await setAll([
      [1, 4],
      [2, 0],
      [3, 6],
    ]);
    await expect(read(tree, "draw", COHORT_TAG, COHORT_TAG, 3))
      .to.be.revertedWithCustomError(tree, "TooFewToDrawFrom")
      .withArgs(2, 3);
  });

  it("refuses ids and weights that would reach into their neighbours", async () => {
    for (const [id, weight] of [
      [65_536, 1],
      [1, 65_536],
      [2 ** 40, 1],
    ] as const) {
      await expect(tree.getFunction("set").send([id], [weight]))
        .to.be.revertedWithCustomError(tree, "IdOrWeightTooLarge")
        .withArgs(id, weight);
    }
  });
});

describe("the odds of the tree's draws", () => {
  it("are those of drawing by weight without replacement", async () => {
    const weights = [1, 2, 0, 3, 5, 8, 1, 13];
    await setAll(weights.map((weight, id) => [id, weight] as const));
    const [rounds, times] = [20, 100];
    const counts = new Map<number, number>();
    for (let i = 0; i < rounds; i++) {
      for (const ids of await read<bigint[][]>(tree, "drawOften", keccakWords(i), COHORT_TAG, 3, times)) {
        const set = maskOf(numbers(ids));
        counts.set(set, (counts.get(set) ?? 0) + 1);
      }
    }
    // Critical value at 0.1 % with 34 degrees of freedom.
    expect(chiSquareAgainst(counts, setOdds(weights, 3), rounds * times)).to.be.below(65.25);
    inclusionOdds(weights, 3).forEach((chance, id) => {
      const count = [...counts].reduce((sum, [set, often]) => sum + ((set >> id) & 1 ? often : 0), 0);
      expect(Math.abs(count - 2000 * chance)).to.be.at.most(4 * Math.sqrt(2000 * chance * (1 - chance)));
    });
  }).timeout(20_000);
});

describe("the gas of a draw", () => {
  const gasOf = async (count: number): Promise<number> =>
    Number(await read(tree, "gasOfDraw", COHORT_TAG, COMMITTEE_TAG, count));
  const everybody = (size: number): Change[] => Array.from({ length: size }, (_, id) => [id, 1] as const);

  before(function () {
    if (hre.globalOptions.coverage) this.skip();
  });

  it("is below 1,500 a draw and 2,100 a word when all 32 of 32 are drawn", async () => {
    await setAll(everybody(32));
    const coldReads = 2100 * 6; // head, top and four words of weights
    expect(await gasOf(32)).to.be.below(coldReads + 32 * 1500);
  });

  it("grows with the number of levels at most when members do from 100 to 10,000", async () => {
    await setAll(everybody(100));
    const few = await gasOf(32);
    await setAll(everybody(10_000).slice(100));
    const many = await gasOf(32);
    expect((await summary())[0]).to.equal(5);
    // A hundred times the members: two levels more, of which each draw reads its own words, at 2,100 cold and 600 of work.
    expect(many - few).to.be.below(32 * 2 * 1.5 * 2700);
    expect(many / few).to.be.below(5);
  }).timeout(60_000);
});
