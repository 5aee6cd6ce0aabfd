import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import {
  MAX_WEIGHT_SUM,
  lowerMedian,
  meanOf,
  weightedMean,
  weightsOf,
  type WeightedUpdate,
} from "../../node/core/weightedMean.ts";
import { seededRandom } from "../../node/core/random.ts";
import { SEEDED } from "../helpers/seeded.ts";
import { vectorCases } from "../helpers/vectors.ts";

/** ⌊(512·S + W) / (2·W)⌋ toward −∞, without the numbers' limits. */
function exactMean(weightedSum: bigint, weightSum: bigint): bigint {
  const [numerator, denominator] = [512n * weightedSum + weightSum, 2n * weightSum];
  const truncated = numerator / denominator;
  return numerator % denominator < 0n ? truncated - 1n : truncated;
}

function exactMeans(updates: readonly WeightedUpdate[]): bigint[] {
  const weightSum = updates.reduce((sum, { weight }) => sum + BigInt(weight), 0n);
  return [...(updates[0] as WeightedUpdate).values].map((_, i) =>
    exactMean(
      updates.reduce((sum, { values, weight }) => sum + BigInt(weight) * BigInt(values[i] as number), 0n),
      weightSum,
    ),
  );
}
const asBigInts = (values: Int32Array): bigint[] => [...values].map(BigInt);

const value = fc.oneof(fc.integer({ min: -32767, max: 32767 }), fc.constantFrom(32767, -32767, -1, 0, 1));
const federations = fc.integer({ min: 1, max: 40 }).chain((length) =>
  fc.array(
    fc.record({
      values: fc.array(value, { minLength: length, maxLength: length }).map((values) => Int16Array.from(values)),
      weight: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: MAX_WEIGHT_SUM >> 3 })),
    }),
    { minLength: 1, maxLength: 8 },
  ),
);

describe("weightedMean", () => {
  it("agrees with exact arithmetic", () => {
    fc.assert(
      fc.property(federations, (updates) => {
        expect(asBigInts(weightedMean(updates))).to.deep.equal(exactMeans(updates));
      }),
      { ...SEEDED, numRuns: 500 },
    );
  });

  it("is exact at the largest weights and values", () => {
    for (const weight of [MAX_WEIGHT_SUM - 1, MAX_WEIGHT_SUM - 2, MAX_WEIGHT_SUM / 2, MAX_WEIGHT_SUM / 2 + 1]) {
      const random = seededRandom(weight);
      const values = (): Int16Array =>
        Int16Array.from(
          { length: 500 },
          () => (random.below(2) === 0 ? 32767 : 32766) * (random.below(2) === 0 ? 1 : -1),
        );
      const updates = [
        { values: values(), weight },
        { values: values(), weight: MAX_WEIGHT_SUM - weight },
      ];
      expect(asBigInts(weightedMean(updates))).to.deep.equal(exactMeans(updates));
    }
  });

  it("counts in 1/256 steps and rounds half up, below zero too", () => {
    const mean = (values: number[], weights: number[]): number | undefined =>
      weightedMean(values.map((one, i) => ({ values: Int16Array.of(one), weight: weights[i] as number })))[0];
    expect(mean([3], [7])).to.equal(768);
    expect(mean([-3], [7])).to.equal(-768);
    expect(mean([1, 0], [1, 2])).to.equal(85); // 85.33
    expect(mean([-1, 0], [1, 2])).to.equal(-85);
    expect(mean([1, 0], [1, 511])).to.equal(1); // 0.5
    expect(mean([-1, 0], [1, 511])).to.equal(0); // −0.5
    expect(mean([-1, 0], [3, 509])).to.equal(-1); // −1.5
    expect(mean([-1, 0], [1000, 511_001])).to.equal(0); // −0.499999…
  });

  it("stays within 256 · 32767 when everybody saturates", () => {
    const updates = [1, 2, 3].map((weight) => ({ values: Int16Array.of(32767, -32767), weight }));
    expect([...weightedMean(updates)]).to.deep.equal([256 * 32767, -256 * 32767]);
  });

  it("does not depend on the order of the updates", () => {
    fc.assert(
      fc.property(federations, fc.integer(), (updates, seed) => {
        const order = seededRandom(seed).shuffle(updates.map((_, i) => i));
        const shuffled = order.map((i) => updates[i] as WeightedUpdate);
        expect(weightedMean(shuffled)).to.deep.equal(weightedMean(updates));
      }),
      SEEDED,
    );
  });

  it("does not depend on where a vector is cut into blocks", () => {
    const random = seededRandom(6);
    const updates = [3, 5].map((weight) => ({
      values: Int16Array.from({ length: 9001 }, () => random.below(65535) - 32767),
      weight,
    }));
    expect(asBigInts(weightedMean(updates))).to.deep.equal(exactMeans(updates));
  });

  it("refuses no updates, different lengths, and weights that are not exact", () => {
    const values = Int16Array.of(1, 2);
    const wrong: WeightedUpdate[][] = [
      [],
      [
        { values, weight: 1 },
        { values: Int16Array.of(1), weight: 1 },
      ],
      [{ values, weight: 0 }],
      [{ values, weight: -1 }],
      [{ values, weight: 1.5 }],
      [{ values, weight: NaN }],
      [
        { values, weight: MAX_WEIGHT_SUM },
        { values, weight: 1 },
      ],
    ];
    for (const updates of wrong)
      expect(() => weightedMean(updates))
        .to.throw()
        .with.property("code", "bad-argument");
  });
});

describe("meanOf", () => {
  it("agrees with exact arithmetic over its whole range", () => {
    const pairs = fc
      .integer({ min: 1, max: MAX_WEIGHT_SUM })
      .chain((weightSum) =>
        fc.tuple(fc.integer({ min: -32767 * weightSum, max: 32767 * weightSum }), fc.constant(weightSum)),
      );
    fc.assert(
      fc.property(pairs, ([weightedSum, weightSum]) => {
        expect(BigInt(meanOf(weightedSum, weightSum))).to.equal(exactMean(BigInt(weightedSum), BigInt(weightSum)));
      }),
      { ...SEEDED, numRuns: 1000 },
    );
  });

  it("is exact a hair on either side of every kind of step, at the largest weight sums", () => {
    for (const weightSum of [MAX_WEIGHT_SUM, MAX_WEIGHT_SUM - 1, MAX_WEIGHT_SUM - 255]) {
      for (const step of [256 * 32767, 256 * 32767 - 1, 2 ** 22 + 1, 2 ** 22, 1, 0, -1, -(2 ** 22), -256 * 32767 + 1]) {
        // Where 512·S + W passes 2·W·step.
        const edge = Math.round(((2 * step - 1) * weightSum) / 512);
        for (let sum = edge - 3; sum <= edge + 3; sum++) {
          if (Math.abs(sum) > 32767 * weightSum) continue;
          expect(BigInt(meanOf(sum, weightSum))).to.equal(exactMean(BigInt(sum), BigInt(weightSum)));
        }
      }
    }
  });

  it("never gives −0", () => {
    for (const sum of [0, -0, -1, 1]) expect(Object.is(meanOf(sum, 512), -0)).to.equal(false);
  });
});

describe("lowerMedian", () => {
  it("is the lower of the two middle values, by number and not by text", () => {
    expect(lowerMedian([10, 9, 100, 1])).to.equal(9);
    expect(lowerMedian([10, 9, 100])).to.equal(10);
    expect(lowerMedian([7])).to.equal(7);
    expect(lowerMedian([3, -20])).to.equal(-20);
  });

  it("leaves its argument as it is, and refuses nothing at all", () => {
    const values = [3, 1, 2];
    lowerMedian(values);
    expect(values).to.deep.equal([3, 1, 2]);
    expect(() => lowerMedian([]))
      .to.throw()
      .with.property("code", "bad-argument");
  });
});

describe("weightsOf", () => {
  it("bounds every count by the cap and by twice the lower median", () => {
    expect(weightsOf([10, 20, 30, 1000], 500)).to.deep.equal([10, 20, 30, 40]);
    expect(weightsOf([10, 20, 30, 1000], 25)).to.deep.equal([10, 20, 25, 25]);
    expect(weightsOf([1_000_000], 500)).to.deep.equal([500]);
    expect(weightsOf([1, 1_000_000], 2 ** 24)).to.deep.equal([1, 2]);
  });

  it("is one for everybody where the job says so", () => {
    expect(weightsOf([10, 20, 30], 1)).to.deep.equal([1, 1, 1]);
  });

  it("gives the same weights from counts that were capped on the chain", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 1000 }),
        (counts, cap) => {
          expect(
            weightsOf(
              counts.map((count) => Math.min(count, cap)),
              cap,
            ),
          ).to.deep.equal(weightsOf(counts, cap));
        },
      ),
      SEEDED,
    );
  });

  it("refuses counts that are no integers from one", () => {
    for (const wrong of [[], [0], [-1], [1.5], [NaN]]) {
      expect(() => weightsOf(wrong, 10))
        .to.throw()
        .with.property("code", "bad-argument");
    }
  });
});

describe("test/vectors/fixedPoint.json", () => {
  interface MeanCase {
    exampleCounts: number[];
    weightCap: number;
    values: number[];
    weights: number[];
    weightedSum: number;
    mean: number;
  }

  it("holds in exact arithmetic", () => {
    for (const one of vectorCases<MeanCase>("fixedPoint.json", "mean")) {
      const sorted = [...one.exampleCounts].sort((a, b) => a - b);
      const median = sorted[Math.ceil(sorted.length / 2) - 1] as number;
      expect(one.weights).to.deep.equal(one.exampleCounts.map((count) => Math.min(count, one.weightCap, 2 * median)));
      const sum = one.values.reduce((total, each, i) => total + BigInt(each) * BigInt(one.weights[i] as number), 0n);
      const weightSum = one.weights.reduce((total, weight) => total + BigInt(weight), 0n);
      expect(BigInt(one.weightedSum)).to.equal(sum);
      expect(BigInt(one.mean)).to.equal(exactMean(sum, weightSum));
      const updates = one.values.map((each, i) => ({ values: Int16Array.of(each), weight: one.weights[i] as number }));
      expect([...weightedMean(updates)]).to.deep.equal([one.mean]);
    }
  });
});
