import { expect } from "chai";
import { describe, it } from "mocha";
import { fitLine } from "./soak/line.ts";
import { memorySoak } from "./soak/memorySoak.ts";
import { coursesOf, type Sample } from "./soak/sample.ts";

/** Not chai's `closeTo`: Hardhat's matchers, which this suite's federations load, take it over for integers only. */
const isClose = (actual: number, expected: number, by: number): boolean => Math.abs(actual - expected) <= by;

const sample = (round: number, residentMB: number): Sample => ({ round, residentMB, files: 9, homeMB: 1 });

describe("a soak", () => {
  it("fits the line of least squares", () => {
    const points = [
      [0, 1],
      [1, 3],
      [2, 2],
      [3, 6],
    ] as const;
    const { slope, intercept, standardError } = fitLine(points);
    expect(isClose(slope, 1.4, 1e-12)).to.equal(true);
    expect(isClose(intercept, 0.9, 1e-12)).to.equal(true);
    // Residuals 0.1, 0.7, −1.7, 0.9: √(4.2 / 2) over √5.
    expect(isClose(standardError, Math.sqrt(2.1 / 5), 1e-12)).to.equal(true);
  });

  it("calls what grows after the warm-up growing, and what grew in it flat", () => {
    const warmingUp = [10, 20, 30, 40, 50, 60].map((round) => sample(round, Math.min(round, 30)));
    const leaking = [10, 20, 30, 40, 50, 60].map((round) => sample(round, 100 + round / 5));
    const flatOf = (samples: readonly Sample[]): readonly boolean[] =>
      coursesOf(samples, 30, { residentMB: 8, files: 1 }).map(({ flat }) => flat);
    expect(flatOf(warmingUp)).to.deep.equal([true, true]);
    expect(flatOf(leaking)).to.deep.equal([false, true]);
    expect(isClose(coursesOf(leaking, 30, { residentMB: 8 })[0]!.per100Rounds, 20, 1e-9)).to.equal(true);
  });

  it("settles every round of a federation with somebody coming and going", async function () {
    this.timeout(60_000);
    const report = await memorySoak({
      members: 5,
      rounds: 12,
      warmUpRounds: 0,
      seed: 3,
      sampleEvery: 4,
      churnEvery: 4,
    });
    expect(report.settled + report.skipped).to.be.within(12, 13);
    expect(report.settled).to.be.at.least(6);
    expect(report.joins).to.equal(report.leaves);
    expect(report.joins).to.be.at.least(1);
    expect(report.samples.at(-1)?.round).to.be.within(12, 13);
    expect(report.samples.every(({ homeMB }) => homeMB > 0 && homeMB < 2)).to.equal(true);
  });
});
