import { expect } from "chai";
import { describe, it } from "mocha";
import { runVirtual } from "../../node/cli/simulation/virtual/run.ts";
import { DEFAULT_SETTINGS, type SimulationSettings } from "../../node/cli/simulation/settings.ts";
import type { VirtualReport } from "../../node/cli/simulation/virtual/report.ts";
import type { VirtualSettings } from "../../node/cli/simulation/virtual/settings.ts";
import { virtualTables } from "../../node/cli/simulation/virtual/tables.ts";

const PEERS = 40;
const COHORT = 8;

function simulate(
  change: Partial<Omit<VirtualSettings, "simulation">> = {},
  simulation: Partial<SimulationSettings> = {},
): Promise<VirtualReport> {
  const settings: VirtualSettings = {
    trainer: "noise",
    loss: 0,
    delay: 0.02,
    churn: 0,
    ...change,
    simulation: {
      ...DEFAULT_SETTINGS,
      hidden: [],
      participants: PEERS,
      cohort: COHORT,
      committee: 5,
      rounds: 3,
      liarRound: 0,
      signFlippers: 0,
      freeRiders: 0,
      ...simulation,
    },
  };
  return runVirtual(settings, () => undefined);
}

/** All but what depends on the machine. */
function repeatable({ cost: _, ...report }: VirtualReport): Omit<VirtualReport, "cost"> {
  return report;
}

const failed = ({ checks }: VirtualReport): string[] => checks.flatMap(({ name, passed }) => (passed ? [] : [name]));

describe("a virtual simulation", function () {
  this.timeout(30_000);

  it("draws a cohort from more members, and brings the model to all of them", async () => {
    const report = await simulate();
    expect(failed(report)).to.deep.equal([]);
    expect(report.rounds.map(({ included, committed }) => [included, committed])).to.deep.equal([
      [COHORT, COHORT],
      [COHORT, COHORT],
      [COHORT, COHORT],
    ]);
    expect(report.rounds.every(({ virtualSeconds }) => virtualSeconds > 0 && virtualSeconds < 3)).to.equal(true);
    // Everybody hears the cohort's commits and openings, and three messages of each seat and its bitmap; not its own.
    const messages = 3 * (2 * COHORT + 4 * 5);
    expect(report.traffic.messagesReceived).to.be.within(messages - 6, messages);
  });

  it("gives the same messages, models and credits for the same seed, and others for another", async () => {
    const [one, again, other] = [await simulate(), await simulate(), await simulate({}, { seed: 2 })];
    expect(repeatable(again)).to.deep.equal(repeatable(one));
    expect(other.modelId).not.to.equal(one.modelId);
    expect(other.credits.digest).not.to.equal(one.credits.digest);
  });

  it("settles every round though messages are lost and late", async () => {
    const report = await simulate({ loss: 0.3, delay: 1 });
    expect(failed(report)).to.deep.equal([]);
    expect(report.virtualSeconds).to.be.greaterThan(9); // three rounds without any such take about two
    expect(repeatable(await simulate({ loss: 0.3, delay: 1 }))).to.deep.equal(repeatable(report));
  });

  it("goes on while members leave and newcomers take their places", async () => {
    const report = await simulate({ churn: 3 }, { rounds: 5 });
    expect(failed(report)).to.deep.equal([]);
    expect(report.members).to.deep.equal({ joined: PEERS + 15, left: 15 });
  });

  it("proves a lying aggregator wrong, as any federation does", async () => {
    const report = await simulate({}, { liarRound: 2 });
    expect(failed(report)).to.deep.equal([]);
    expect(report.rounds.map(({ slashes }) => slashes)).to.deep.equal([0, 1, 0]);
  });

  it("learns from its members' data, the same in each run", async () => {
    const learn = (): Promise<VirtualReport> =>
      simulate({ trainer: "learn" }, { trainExamples: 60 * PEERS, testExamples: 300, localEpochs: 2 });
    const report = await learn();
    expect(failed(report)).to.deep.equal([]);
    const accuracies = report.rounds.map(({ metrics }) => metrics["accuracy"] ?? 0);
    expect(accuracies.at(-1)).to.be.greaterThan(0.5);
    expect(repeatable(await learn())).to.deep.equal(repeatable(report));
    expect(virtualTables(report)).to.contain("settled").and.to.contain(report.modelId);
  });
});
