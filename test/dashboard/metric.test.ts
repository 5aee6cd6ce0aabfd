import { expect } from "chai";
import { describe, it } from "mocha";
import { finalTables } from "../../node/dashboard/finalTables.ts";
import { liveLines } from "../../node/dashboard/liveLines.ts";
import { leadOver, metricDifference, metricText, metricTitle, metricValue } from "../../node/dashboard/metric.ts";
import { renderReport } from "../../node/dashboard/report.ts";
import type { ReportMetric, SimulationReport } from "../../node/dashboard/reportData.ts";
import { PlainLiveView } from "../../node/dashboard/terminal.ts";
import { fixtureReport, fixtureStatus } from "../helpers/reportFixture.ts";

const ACCURACY: ReportMetric = { name: "accuracy", better: "higher", isShare: true };
const RMSE: ReportMetric = { name: "rmse", better: "lower", isShare: false };

/** A run that is judged by an error, which falls from 1.9 to 0.87. */
function regressionReport(): SimulationReport {
  const report = fixtureReport();
  return {
    ...report,
    metric: RMSE,
    labels: { of: "target", names: ["10.00", "120,000"] },
    participants: report.participants.map((one, i) => ({ ...one, labelCounts: [7 + i, 90] })),
    rounds: report.rounds.map((round, i) => ({ ...round, metrics: { rmse: 1.9 - (1.03 * i) / 9, mae: 0.3 } })),
    baselines: { central: 0.86, alone: [{ name: "p1", value: 1.1 }], aloneMean: 1.1 },
  };
}

describe("a metric", () => {
  it("is written in per cent and points where it is a share, and as a number otherwise", () => {
    expect(metricText(ACCURACY, 0.983)).to.equal("accuracy 98.3 %");
    expect(metricDifference(ACCURACY, -0.0081)).to.equal("−0.8 points");
    expect(metricText(RMSE, 0.87)).to.equal("rmse 0.8700");
    expect(metricText(RMSE, 54321.7)).to.equal("rmse 54,322");
    expect([-0.01234, 1500.4, 0].map((difference) => metricDifference(RMSE, difference))).to.deep.equal([
      "−0.01234",
      "+1,500",
      "±0",
    ]);
  });

  it("has a dash where it was not measured", () => {
    expect([metricValue(ACCURACY, undefined), metricDifference(RMSE, undefined)]).to.deep.equal(["–", "–"]);
  });

  it("has a heading as people write it", () => {
    const titles = ["accuracy", "rmse", "macro-f1", "auc", "log-loss"].map((name) => metricTitle({ ...RMSE, name }));
    expect(titles).to.deep.equal(["Accuracy", "RMSE", "Macro-F1", "AUC", "Log-loss"]);
  });

  it("is ahead where it is better, upwards or downwards", () => {
    expect(leadOver(ACCURACY, 0.75, 0.5)).to.equal(0.25);
    expect(leadOver(RMSE, 0.75, 0.5)).to.equal(-0.25);
  });
});

describe("a run that is judged by an error", () => {
  it("says so in its tables, and which way is better", () => {
    const text = finalTables(regressionReport());
    expect(text).to.match(/^RMSE by round\n/);
    expect(text).to.match(/│ +10 │ 0\.8700 │/);
    expect(text).to.include("One model on all the data reaches 0.8600: the federation is at +0.01000.");
    expect(text).to.include("Training alone reaches 1.100 on average: the federation is at −0.2300.");
    expect(text).to.include("The lower the rmse, the better.").and.not.include("accuracy");
    for (const line of text.split("\n")) expect(Array.from(line).length).to.be.at.most(100);
  });

  it("says so in its report", () => {
    const page = renderReport(regressionReport());
    expect(page).to.include("final rmse").and.include("lower is better").and.include("federation 0.8700");
    expect(page).to.include("Training examples by participant and target").and.include("120,000");
    expect(page).to.not.match(/accuracy|NaN|undefined|Infinity/i);
  });

  it("says so while it runs", () => {
    const status = { ...fixtureStatus(), metric: RMSE, values: [1.9, 1.2, undefined, 0.9], events: [] };
    const lines = liveLines(status, undefined, { symbol: "PACE", decimals: 18 }, { width: 80, height: 24 });
    expect(lines[2]?.text).to.equal("rmse       0.9000  █▃▁");
    const said: string[] = [];
    new PlainLiveView((line) => said.push(line)).update(status);
    expect(said.slice(1, 3)).to.deep.equal([
      "round 2 of 10 settled: rmse 1.200 after 12.3 s",
      "round 3 of 10 settled: rmse – after 12.3 s",
    ]);
  });

  it("is drawn too where it has no value at all", () => {
    const report = regressionReport();
    const rounds = report.rounds.map(({ loss: _, ...round }) => ({ ...round, metrics: {} }));
    const unmeasured = { ...report, rounds, baselines: { alone: [] } };
    expect(renderReport(unmeasured)).to.not.match(/NaN|undefined|Infinity/);
    expect(finalTables(unmeasured)).to.match(/│ +1 │ +– │ +– │/);
    expect(finalTables(unmeasured)).to.include("One model on all the data reaches –: the federation is at –.");
  });
});
