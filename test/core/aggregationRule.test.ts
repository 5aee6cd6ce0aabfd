import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import { aggregate, coordinateOf } from "../../node/core/aggregationRule.ts";
import { AGGREGATION_RULES } from "../../node/core/jobTerms.ts";
import { median } from "../../node/core/median.ts";
import { seededRandom } from "../../node/core/random.ts";
import { trimmedMean } from "../../node/core/trimmedMean.ts";
import { weightedMean, type WeightedUpdate } from "../../node/core/weightedMean.ts";
import { SEEDED } from "../helpers/seeded.ts";
import { vectorCases } from "../helpers/vectors.ts";

const RULES = AGGREGATION_RULES.map((_, rule) => rule);
const value = fc.integer({ min: -32767, max: 32767 });
const federations = fc.integer({ min: 1, max: 12 }).chain((length) =>
  fc.array(
    fc.record({
      values: fc.array(value, { minLength: length, maxLength: length }).map((values) => Int16Array.from(values)),
      weight: fc.integer({ min: 1, max: 10_000 }),
    }),
    { minLength: 1, maxLength: 20 },
  ),
);
const columnOf = (updates: readonly WeightedUpdate[], i: number): number[] =>
  updates.map(({ values }) => values[i] as number);

describe("aggregate", () => {
  it("goes by the rule's number", () => {
    const updates = [
      { values: Int16Array.of(0, -3), weight: 5 },
      { values: Int16Array.of(1, -1), weight: 1 },
      { values: Int16Array.of(1000, -900), weight: 1 },
      { values: Int16Array.of(4, -2), weight: 1 },
    ];
    expect(aggregate(0, 250, updates)).to.deep.equal(weightedMean(updates));
    expect(aggregate(1, 250, updates)).to.deep.equal(trimmedMean(updates, 250));
    expect(aggregate(2, 250, updates)).to.deep.equal(median(updates));
    expect(RULES.map((rule) => aggregate(rule, 250, updates)[0])).to.deep.equal([32_160, 640, 256]);
  });

  it("gives each coordinate what the court computes from that coordinate alone", () => {
    fc.assert(
      fc.property(
        federations,
        fc.constantFrom(...RULES),
        fc.integer({ min: 0, max: 499 }),
        (updates, rule, permille) => {
          const weights = updates.map(({ weight }) => weight);
          aggregate(rule, permille, updates).forEach((found, i) => {
            expect(coordinateOf(rule, permille, columnOf(updates, i), weights)).to.equal(found);
          });
        },
      ),
      SEEDED,
    );
  });

  it("refuses a rule that there is not", () => {
    const updates = [{ values: Int16Array.of(1), weight: 1 }];
    for (const rule of [3, -1, 0.5, NaN]) {
      for (const work of [() => aggregate(rule, 0, updates), () => coordinateOf(rule, 0, [1], [1])]) {
        expect(work).to.throw().with.property("code", "bad-argument");
      }
    }
  });

  it("takes 50 updates of 20,000 values by any rule in well under a second", () => {
    const random = seededRandom(9);
    const updates = Array.from({ length: 50 }, () => ({
      values: Int16Array.from({ length: 20_000 }, () => random.below(65_535) - 32_767),
      weight: 1 + random.below(1000),
    }));
    for (const rule of RULES) {
      const started = performance.now();
      aggregate(rule, 100, updates);
      // Some 30 ms on an idle machine.
      expect(performance.now() - started).to.be.below(900);
    }
  });
});

describe("test/vectors/fixedPoint.json, aggregates", () => {
  interface Case {
    rule: number;
    trimPermille: number;
    values: number[];
    weights: number[];
    value: number;
  }
  const cases = vectorCases<Case>("fixedPoint.json", "aggregates");

  it("has the values of whole aggregates", () => {
    for (const { rule, trimPermille, values, weights, value: expected } of cases) {
      const updates = values.map((one, k) => ({ values: Int16Array.of(one), weight: weights[k] as number }));
      expect([...aggregate(rule, trimPermille, updates)]).to.deep.equal([expected]);
    }
  });

  it("has each rule, negative sums, saturation, ties and even numbers of values", () => {
    for (const rule of RULES) {
      const ofRule = cases.filter((one) => one.rule === rule);
      expect(ofRule.length).to.be.greaterThan(300);
      expect(ofRule.some((one) => one.value < 0)).to.equal(true);
      expect(ofRule.some((one) => Math.abs(one.value) === 256 * 32767)).to.equal(true);
      expect(ofRule.some((one) => one.values.length % 2 === 0)).to.equal(true);
      expect(ofRule.some((one) => new Set(one.values).size < one.values.length)).to.equal(true);
      expect(ofRule.some((one) => one.values.length === 64)).to.equal(true);
    }
  });
});
