import { expect } from "chai";
import { before, describe, it } from "mocha";
import { measureBaselines } from "../../node/cli/simulation/baselines.ts";
import { buildReport } from "../../node/cli/simulation/buildReport.ts";
import { openFederation } from "../../node/cli/simulation/federation.ts";
import { DEFAULT_SETTINGS, type SimulationSettings } from "../../node/cli/simulation/settings.ts";
import type { SimulationReport } from "../../node/dashboard/reportData.ts";

/** Small enough for a test, with everybody that the default federation has: a liar, a sign flipper, a free rider. */
const settings: SimulationSettings = {
  ...DEFAULT_SETTINGS,
  participants: 6,
  rounds: 3,
  committee: 5,
  trainExamples: 1500,
  testExamples: 300,
  hidden: [24],
  localEpochs: 2,
  liarRound: 2,
};

async function runOnce(): Promise<SimulationReport> {
  const federation = await openFederation(settings, () => undefined);
  try {
    await federation.run({});
    const baselines = await measureBaselines(federation);
    return await buildReport(federation, baselines, new Date(0), 0);
  } finally {
    await federation.stop();
  }
}

describe("a simulated federation on a real chain, over libp2p", function () {
  this.timeout(240_000);
  let first: SimulationReport;
  let second: SimulationReport;

  before(async () => {
    first = await runOnce();
    second = await runOnce();
  });

  it("gives the same models when it is run twice with one seed", () => {
    const roots = ({ rounds }: SimulationReport): string[] => rounds.map(({ aggregateRoot }) => aggregateRoot);
    expect(new Set(roots(first)).size).to.equal(settings.rounds);
    expect(roots(second)).to.deep.equal(roots(first));
    expect(second.rounds.map(({ metrics }) => metrics)).to.deep.equal(first.rounds.map(({ metrics }) => metrics));
  });

  it("settles every round with everybody's update, the lied-about one with another aggregator", () => {
    for (const { rounds } of [first, second]) {
      expect(rounds.map(({ outcome, included }) => [outcome, included])).to.deep.equal(
        rounds.map(() => ["settled", settings.participants]),
      );
      const [fault] = rounds[1]?.faults.filter(({ kind }) => kind === "wrong-aggregate") ?? [];
      expect(fault?.participant).to.be.a("string").that.does.not.equal(rounds[1]?.aggregator);
      expect(BigInt(fault?.taken ?? 0)).to.equal(50n * 10n ** 18n);
    }
  });

  it("pays the sign flipper and the free rider next to nothing, and everybody else something", () => {
    const pay = first.participants.map(({ pay }) => Number(BigInt(pay.contribution) / 10n ** 12n));
    const equalShare = pay.reduce((sum, each) => sum + each, 0) / pay.length;
    expect((pay[4] as number) + (pay[5] as number)).to.be.below(0.05 * equalShare);
    expect(Math.min(...pay.slice(0, 4))).to.be.above(0);
  });

  it("accounts for every wei on the chain", () => {
    for (const { money } of [first, second]) {
      expect(money.balanced).to.equal(true);
      expect(BigInt(money.pool) + BigInt(money.slashedIntoPool)).to.equal(BigInt(money.paid) + BigInt(money.left));
      expect(BigInt(money.slashedIntoPool)).to.equal(45n * 10n ** 18n); // 50 slashed, 5 to the prover
    }
  });

  it("learns", () => {
    const accuracies = first.rounds.map(({ metrics }) => metrics["accuracy"] as number);
    expect(accuracies[2]).to.be.above(accuracies[0] as number);
    expect(accuracies[2]).to.be.above(first.baselines.aloneMean as number);
  });
});
