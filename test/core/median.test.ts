import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import { median } from "../../node/core/median.ts";
import { trimmedMean } from "../../node/core/trimmedMean.ts";
import { SEEDED } from "../helpers/seeded.ts";

const value = fc.integer({ min: -32767, max: 32767 });
const updatesOf = (column: readonly number[]): { values: Int16Array }[] =>
  column.map((one) => ({ values: Int16Array.of(one) }));
const medianOfColumn = (column: readonly number[]): number => median(updatesOf(column))[0] as number;

describe("median", () => {
  it("has fewer than half of the values below it and at most half above: the lower one where there are two", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 64 }), (column) => {
        const found = medianOfColumn(column) / 256;
        expect(column).to.include(found);
        expect(column.filter((one) => one < found).length).to.be.below(column.length / 2);
        expect(column.filter((one) => one > found).length).to.be.at.most(column.length / 2);
      }),
      { ...SEEDED, numRuns: 1000 },
    );
  });

  it("sorts by number, with the sign, and counts in 1/256 steps", () => {
    expect(medianOfColumn([10, 9, 100])).to.equal(2560);
    expect(medianOfColumn([10, 9, 100, 1])).to.equal(2304);
    expect(medianOfColumn([-10, -9, -100])).to.equal(-2560);
    expect(medianOfColumn([-10, 9])).to.equal(-2560);
    expect(medianOfColumn([7])).to.equal(1792);
    expect(medianOfColumn([32767, 32767, -32767])).to.equal(256 * 32767);
    expect(medianOfColumn([32767, -32767, -32767])).to.equal(-256 * 32767);
  });

  it("is what the trimmed mean comes to when all but the middle is dropped", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 3, maxLength: 3 }), (column) => {
        expect(trimmedMean(updatesOf(column), 334)).to.deep.equal(median(updatesOf(column)));
      }),
      SEEDED,
    );
  });

  it("treats every coordinate by itself", () => {
    const updates = [Int16Array.of(1, 9, 0), Int16Array.of(2, -8, 0), Int16Array.of(3, -7, 5)];
    expect([...median(updates.map((values) => ({ values })))]).to.deep.equal([512, -1792, 0]);
  });

  it("refuses no updates and different lengths", () => {
    for (const wrong of [[], [{ values: Int16Array.of(1) }, { values: Int16Array.of(1, 2) }]]) {
      expect(() => median(wrong))
        .to.throw()
        .with.property("code", "bad-argument");
    }
  });
});
