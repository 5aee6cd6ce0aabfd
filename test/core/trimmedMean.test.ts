import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import { seededRandom } from "../../node/core/random.ts";
import { trimmedAtEachEnd, trimmedMean, trimmedMeanOf } from "../../node/core/trimmedMean.ts";
import { weightedMean } from "../../node/core/weightedMean.ts";
import { SEEDED } from "../helpers/seeded.ts";

const value = fc.oneof(fc.integer({ min: -32767, max: 32767 }), fc.constantFrom(32767, -32767, -1, 0, 1));
const columns = fc.array(value, { minLength: 1, maxLength: 64 });
const share = fc.integer({ min: 0, max: 499 });
const updatesOf = (column: readonly number[]): { values: Int16Array; weight: number }[] =>
  column.map((one) => ({ values: Int16Array.of(one), weight: 1 }));
const trimmed = (column: readonly number[], permille: number): number =>
  trimmedMean(updatesOf(column), permille)[0] as number;

/** Takes the lowest and the highest away one by one, and rounds the exact mean of the rest half up. */
function byTakingAway(column: readonly number[], permille: number): bigint {
  const rest = [...column];
  const drop = (extreme: number): void => void rest.splice(rest.indexOf(extreme), 1);
  for (let dropped = 1; dropped * 1000 <= column.length * permille; dropped++) {
    drop(Math.min(...rest));
    drop(Math.max(...rest));
  }
  const sum = BigInt(rest.reduce((total, one) => total + one, 0));
  const [numerator, denominator] = [512n * sum + BigInt(rest.length), 2n * BigInt(rest.length)];
  const truncated = numerator / denominator;
  return numerator % denominator < 0n ? truncated - 1n : truncated;
}

describe("trimmedMean", () => {
  it("is the mean of what is left when the lowest and the highest are taken away", () => {
    fc.assert(
      fc.property(columns, share, (column, permille) => {
        expect(BigInt(trimmed(column, permille))).to.equal(byTakingAway(column, permille));
      }),
      { ...SEEDED, numRuns: 1000 },
    );
  });

  it("drops the floor of the share at each end, and always leaves something", () => {
    expect(trimmedAtEachEnd(10, 100)).to.equal(1);
    expect(trimmedAtEachEnd(19, 100)).to.equal(1);
    expect(trimmedAtEachEnd(20, 100)).to.equal(2);
    expect(trimmedAtEachEnd(9, 111)).to.equal(0); // 0.999
    expect(trimmedAtEachEnd(1000, 333)).to.equal(333);
    expect(trimmedAtEachEnd(7, 0)).to.equal(0);
    for (let count = 1; count <= 64; count++) expect(count - 2 * trimmedAtEachEnd(count, 499)).to.be.at.least(1);
  });

  it("drops nothing where the share comes to less than one value: the mean with equal weights", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 9 }), (column) => {
        expect(trimmed(column, 100)).to.equal(weightedMean(updatesOf(column))[0]);
      }),
      SEEDED,
    );
  });

  it("rounds half up, below zero too, and stays in range when everybody saturates", () => {
    expect(trimmed([-100, 0, 0, 1, 100], 200)).to.equal(85); // 256 / 3
    expect(trimmed([-100, -1, 0, 0, 100], 200)).to.equal(-85);
    expect(trimmed([32767, 32767, 32767, 32767], 250)).to.equal(256 * 32767);
    expect(trimmed([-32767, -32767, -32767, -32767], 250)).to.equal(-256 * 32767);
  });

  it("keeps to the range of the honest values whatever as many others send as are dropped at an end", () => {
    const honest = [3, 4, 4, 5, 7, 7, 8];
    for (const lie of [-32767, -1, 6, 32767]) {
      expect(trimmed([...honest, lie, lie], 230)).to.be.within(256 * 3, 256 * 8);
    }
  });

  it("ignores weights and the order of the updates", () => {
    fc.assert(
      fc.property(columns, share, fc.integer(), (column, permille, seed) => {
        const shuffled = seededRandom(seed)
          .shuffle([...column])
          .map((one, k) => ({ values: Int16Array.of(one), weight: k + 1 }));
        expect([...trimmedMean(shuffled, permille)]).to.deep.equal([trimmed(column, permille)]);
      }),
      SEEDED,
    );
  });

  it("treats every coordinate by itself", () => {
    const updates = [
      { values: Int16Array.of(1, 9, -5) },
      { values: Int16Array.of(2, 8, -6) },
      { values: Int16Array.of(900, -900, -7) },
    ];
    expect([...trimmedMean(updates, 334)]).to.deep.equal([2 * 256, 8 * 256, -6 * 256]);
    expect([...(updates[2] as { values: Int16Array }).values]).to.deep.equal([900, -900, -7]);
  });

  it("never gives −0", () => {
    expect(Object.is(trimmedMeanOf([-1, 0, 0], 0), -0)).to.equal(false);
    expect(Object.is(trimmedMeanOf([0, 0, 0], 334), -0)).to.equal(false);
  });

  it("refuses no updates, different lengths, and shares that could leave nothing", () => {
    const one = { values: Int16Array.of(1) };
    for (const work of [
      () => trimmedMean([], 100),
      () => trimmedMean([one, { values: Int16Array.of(1, 2) }], 100),
      () => trimmedMean([one], 500),
      () => trimmedMean([one], -1),
      () => trimmedMean([one], 1.5),
      () => trimmedMean([one], NaN),
    ]) {
      expect(work).to.throw().with.property("code", "bad-argument");
    }
  });
});
