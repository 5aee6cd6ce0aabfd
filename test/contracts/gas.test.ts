import { readFileSync } from "node:fs";
import { expect } from "chai";
import hre from "hardhat";
import { describe, it } from "mocha";
import { GAS_FILE, measureGas } from "../../scripts/bench/gas.ts";

/** How far a figure may move before it has to be written anew; a draw's luck moves it by less. */
const TOLERANCE = 0.03;

/** At a cohort of 32 and a committee of 7. */
const LIMITS = {
  commit: 38_000,
  roundPerParticipant: 60_000,
  wrongLeafProof: 1_200_000,
  createJob: 450_000,
};

type Figures = Readonly<Record<string, number>>;

describe("the gas of a job", () => {
  const known = JSON.parse(readFileSync(GAS_FILE, "utf8")) as { readonly figures: Figures; readonly floors: Figures };

  it("is that of test/gas.json within 3 %: npm run -s bench -- gas --json writes it", async function () {
    // Counting lines costs gas.
    if (hre.globalOptions.coverage) this.skip();
    this.timeout(120_000);
    const { figures } = await measureGas();
    expect(Object.keys(figures)).to.deep.equal(Object.keys(known.figures));
    for (const [name, gas] of Object.entries(figures)) {
      expect(gas, name).to.be.closeTo(known.figures[name]!, Math.ceil(TOLERANCE * known.figures[name]!));
    }
  });

  it("is below its limits, and nowhere below its floor", () => {
    for (const [name, limit] of Object.entries(LIMITS)) expect(known.figures[name], name).to.be.at.most(limit);
    expect(Object.keys(known.floors)).to.deep.equal(Object.keys(known.figures));
    for (const [name, floor] of Object.entries(known.floors)) expect(floor, name).to.be.at.most(known.figures[name]!);
  });
});
