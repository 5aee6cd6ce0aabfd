import { expect } from "chai";
import { describe, it } from "mocha";
import { Allowances } from "../../node/core/allowance.ts";

const taken = (allowances: Allowances<string>, key: string, now: number, times: number): number =>
  Array.from({ length: times }, () => allowances.take(key, now)).filter(Boolean).length;

describe("allowances", () => {
  it("let a burst go at once, and then so many a second, each key for itself", () => {
    const allowances = new Allowances<string>({ burst: 7, perSecond: 2 }, 10);
    expect(taken(allowances, "a", 100, 20)).to.equal(7);
    expect(taken(allowances, "b", 100, 3)).to.equal(3);
    expect(taken(allowances, "a", 101.5, 20)).to.equal(3);
    expect(taken(allowances, "a", 200, 20)).to.equal(7);
  });

  it("gain nothing from a clock that goes back", () => {
    const allowances = new Allowances<string>({ burst: 5, perSecond: 1 }, 10);
    expect(taken(allowances, "a", 100, 5)).to.equal(5);
    expect(taken(allowances, "a", 40, 5)).to.equal(0);
    expect(taken(allowances, "a", 42, 5)).to.equal(2);
  });

  it("forget the key that was asked about longest ago where there are too many", () => {
    const allowances = new Allowances<string>({ burst: 2, perSecond: 0 }, 3);
    for (const key of ["a", "b", "c"]) expect(taken(allowances, key, 1, 2)).to.equal(2);
    expect(taken(allowances, "a", 1, 1)).to.equal(0); // "b" is the oldest now
    expect(taken(allowances, "d", 1, 2)).to.equal(2);
    expect(taken(allowances, "a", 1, 1)).to.equal(0);
    expect(taken(allowances, "b", 1, 1)).to.equal(1);
  });
});
