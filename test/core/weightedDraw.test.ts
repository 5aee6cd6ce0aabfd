import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import { encodeAbiParameters, keccak256, parseAbiParameters } from "viem";
import { keccakWords, toHex, type Hex } from "../../node/core/bytes.ts";
import { COHORT_TAG, COMMITTEE_TAG } from "../../node/core/sortition.ts";
import { drawWeighted } from "../../node/core/weightedDraw.ts";
import { chiSquareAgainst, inclusionOdds, maskOf, setOdds } from "../helpers/drawOdds.ts";
import { SEEDED } from "../helpers/seeded.ts";
import { vectorCases } from "../helpers/vectors.ts";

const word = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);

/** The same draw from an urn with as many balls of an id as its weight. */
function drawFromUrn(seed: Hex, tag: Hex, weights: readonly number[], count: number): number[] {
  let urn = weights.flatMap((weight, id) => new Array<number>(weight).fill(id));
  return Array.from({ length: count }, (_, i) => {
    const words = encodeAbiParameters(parseAbiParameters("bytes32,bytes32,uint256"), [seed, tag, BigInt(i)]);
    const drawn = urn[Number(BigInt(keccak256(words)) % BigInt(urn.length))] as number;
    urn = urn.filter((id) => id !== drawn);
    return drawn;
  });
}

const hasWeight = (weights: readonly number[]): number => weights.filter((weight) => weight > 0).length;

describe("drawWeighted", () => {
  it("draws as from an urn with a ball for each unit of weight, all balls of the drawn taken out", () => {
    const weights = fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 200 })), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(word, weights, fc.nat(), (seed, given, pick) => {
        const count = pick % (hasWeight(given) + 1);
        expect(drawWeighted(seed, COMMITTEE_TAG, given, count)).to.deep.equal(
          drawFromUrn(seed, COMMITTEE_TAG, given, count),
        );
      }),
      SEEDED,
    );
  });

  it("draws everybody with a weight, and nobody without, when as many are drawn as there are", () => {
    const weights = Array.from({ length: 50 }, (_, id) => (id % 3 === 0 ? 0 : id));
    const drawn = drawWeighted(COHORT_TAG, COHORT_TAG, weights, hasWeight(weights));
    expect([...drawn].sort((a, b) => a - b)).to.deep.equal(
      Array.from({ length: 50 }, (_, id) => id).filter((id) => id % 3 !== 0),
    );
    expect(drawWeighted(COHORT_TAG, COHORT_TAG, [], 0)).to.deep.equal([]);
    expect(drawWeighted(COHORT_TAG, COHORT_TAG, [0, 0, 7], 1)).to.deep.equal([2]);
  });

  it("gives a longer draw the same beginning", () => {
    const weights = Array.from({ length: 60 }, (_, id) => 1 + (id % 5));
    expect(drawWeighted(COHORT_TAG, COHORT_TAG, weights, 20).slice(0, 7)).to.deep.equal(
      drawWeighted(COHORT_TAG, COHORT_TAG, weights, 7),
    );
  });

  it("differs by seed and by tag", () => {
    const weights = new Array<number>(500).fill(1);
    const base = drawWeighted(COHORT_TAG, COHORT_TAG, weights, 10);
    expect(drawWeighted(COMMITTEE_TAG, COHORT_TAG, weights, 10)).to.not.deep.equal(base);
    expect(drawWeighted(COHORT_TAG, COMMITTEE_TAG, weights, 10)).to.not.deep.equal(base);
  });

  it("refuses to draw more than have a weight, and weights that the chain cannot hold", () => {
    const wrong: [number[], number][] = [
      [[1, 0, 1], 3],
      [[1, 1], -1],
      [[1, 1], 1.5],
      [[1, -1], 1],
      [[1, 65_536], 1],
      [[1, 0.5], 1],
      [[1, NaN], 1],
      [new Array<number>(65_537).fill(1), 1],
    ];
    for (const [weights, count] of wrong) {
      expect(() => drawWeighted(COHORT_TAG, COHORT_TAG, weights, count))
        .to.throw()
        .with.property("code", "bad-argument");
    }
  });
});

describe("the odds of drawWeighted", () => {
  const DRAWS = 20_000;
  const draws = (weights: readonly number[], count: number): number[][] =>
    Array.from({ length: DRAWS }, (_, i) => drawWeighted(keccakWords(i), COMMITTEE_TAG, weights, count));

  function tally<Class>(classes: readonly Class[]): ReadonlyMap<Class, number> {
    const counts = new Map<Class, number>();
    for (const one of classes) counts.set(one, (counts.get(one) ?? 0) + 1);
    return counts;
  }

  it("are those of drawing by weight without replacement: by first place, by set, and by inclusion", () => {
    const weights = [1, 2, 0, 3, 5, 8, 1, 13];
    const drawn = draws(weights, 3);
    const first = new Map(weights.flatMap((weight, id) => (weight === 0 ? [] : [[id, weight / 33] as const])));
    // Critical values at 0.1 %: 22.46 with 6 degrees of freedom, 65.25 with 34.
    expect(chiSquareAgainst(tally(drawn.map(([id]) => id as number)), first, DRAWS)).to.be.below(22.46);
    const odds = setOdds(weights, 3);
    expect(odds.size).to.equal(35);
    expect(chiSquareAgainst(tally(drawn.map(maskOf)), odds, DRAWS)).to.be.below(65.25);
    inclusionOdds(weights, 3).forEach((chance, id) => {
      const count = drawn.filter((ids) => ids.includes(id)).length;
      expect(Math.abs(count - DRAWS * chance)).to.be.at.most(4 * Math.sqrt(DRAWS * chance * (1 - chance)));
    });
  }).timeout(20_000);

  it("are equal where the weights are, whatever the weight", () => {
    const drawn = draws([4, 4, 4, 4, 4, 4, 4], 3);
    const odds = setOdds([1, 1, 1, 1, 1, 1, 1], 3);
    expect(chiSquareAgainst(tally(drawn.map(maskOf)), odds, DRAWS)).to.be.below(65.25);
    for (const place of [0, 1, 2]) {
      const counts = tally(drawn.map((ids) => ids[place] as number));
      const each = new Map(Array.from({ length: 7 }, (_, id) => [id, 1 / 7]));
      expect(chiSquareAgainst(counts, each, DRAWS)).to.be.below(22.46);
    }
  }).timeout(20_000);

  it("would be told from odds that are equal", () => {
    const odds = setOdds([1, 2, 0, 3, 5, 8, 1, 13], 3);
    const equal = setOdds([1, 1, 0, 1, 1, 1, 1, 1], 3);
    const counts = new Map([...equal].map(([mask, chance]) => [mask, chance * DRAWS]));
    expect(chiSquareAgainst(counts, odds, DRAWS)).to.be.above(65.25);
  });
});

describe("test/vectors/sortition.json, weightedDraws", () => {
  interface Case {
    seed: Hex;
    tag: Hex;
    /** id, weight; a later weight of an id replaces an earlier one. */
    weights: [number, number][];
    count: number;
    drawn: number[];
  }

  it("draws ids with a weight once each, as from an urn where one is small enough to fill", () => {
    let urns = 0;
    for (const { seed, tag, weights, count, drawn } of vectorCases<Case>("sortition.json", "weightedDraws")) {
      const byId = new Map(weights);
      expect(new Set(drawn).size).to.equal(count);
      for (const id of drawn) expect(byId.get(id)).to.be.greaterThan(0);
      // Ids without a weight do not count, so the urn of those that are listed, in ascending order, gives the same.
      const ids = [...byId.keys()].sort((a, b) => a - b);
      const given = ids.map((id) => byId.get(id) as number);
      if (given.reduce((sum, weight) => sum + weight, 0) > 5_000) continue;
      expect(drawFromUrn(seed, tag, given, count).map((place) => ids[place])).to.deep.equal(drawn);
      urns++;
    }
    expect(urns).to.be.greaterThan(500);
  });
});
