import { expect } from "chai";
import { describe, it } from "mocha";
import { checksOf } from "../../../node/cli/simulation/checks.ts";
import { DEFAULT_SETTINGS } from "../../../node/cli/simulation/settings.ts";
import type { ReportCheck, ReportMetric } from "../../../node/dashboard/reportData.ts";
import { fixtureReport } from "../../helpers/reportFixture.ts";

const ACCURACY: ReportMetric = { name: "accuracy", better: "higher", isShare: true };
const RMSE: ReportMetric = { name: "rmse", better: "lower", isShare: false };
const AUC: ReportMetric = { name: "auc", better: "higher", isShare: false };

/** The checks of a run that ends with `final`, beside what one model on all the data and those alone reach. */
function learningChecks(
  metric: ReportMetric,
  final: number | undefined,
  central: number,
  aloneMean: number,
  partition = "dirichlet 1",
): readonly ReportCheck[] {
  const report = fixtureReport();
  const metrics = final === undefined ? {} : { [metric.name]: final };
  const rounds = report.rounds.map((round) => ({ ...round, metrics }));
  const baselines = { central, aloneMean, alone: [] };
  const settings = { ...report.settings, partition };
  return checksOf({ ...report, rounds, metric, baselines, settings }, DEFAULT_SETTINGS).slice(0, 2);
}
const passed = (...args: Parameters<typeof learningChecks>): boolean[] =>
  learningChecks(...args).map((check) => check.passed);

describe("the checks of a simulation", () => {
  it("allow a share two points behind central training, and ask for five ahead of training alone", () => {
    expect(passed(ACCURACY, 0.881, 0.9, 0.83)).to.deep.equal([true, true]);
    expect(passed(ACCURACY, 0.879, 0.9, 0.82)).to.deep.equal([false, true]);
    expect(passed(ACCURACY, 0.885, 0.9, 0.84)).to.deep.equal([true, false]);
  });

  it("allow an error five per cent above central training's, and ask for less than alone", () => {
    expect(passed(RMSE, 20.9, 20, 24)).to.deep.equal([true, true]);
    expect(passed(RMSE, 21.1, 20, 24)).to.deep.equal([false, true]);
    expect(passed(RMSE, 20.5, 20, 20.5)).to.deep.equal([true, false]);
    expect(passed(RMSE, 18, 20, 24)).to.deep.equal([true, true]); // better than both
  });

  it("know that more is better of a number too", () => {
    expect(passed(AUC, 0.77, 0.78, 0.75)).to.deep.equal([true, true]);
    expect(passed(AUC, 0.74, 0.78, 0.75)).to.deep.equal([false, false]); // 5.1 % behind
  });

  it("fail where the metric has no value", () => {
    expect(passed(RMSE, undefined, 20, 24)).to.deep.equal([false, false]);
  });

  it("say their figures as people write them", () => {
    const details = (...args: Parameters<typeof learningChecks>): string[] =>
      learningChecks(...args).map(({ detail }) => detail);
    expect(details(ACCURACY, 0.881, 0.9, 0.83)).to.deep.equal([
      "federation accuracy 88.1 %, one model on all honest data 90.0 %; at most 2 points behind",
      "federation accuracy 88.1 %, honest participants alone 83.0 % on average; at least 5 points ahead",
    ]);
    expect(details(RMSE, 0.8712, 0.86, 0.9)).to.deep.equal([
      "federation rmse 0.8712, one model on all honest data 0.8600; at most 5 % behind",
      "federation rmse 0.8712, honest participants alone 0.9000 on average; must be lower",
    ]);
  });

  it("ask for no gain over training alone where everybody has the like", () => {
    const checks = learningChecks(ACCURACY, 0.9, 0.9, 0.9, "iid");
    expect(checks.map(({ name }) => name)).to.not.include("better than training alone");
  });
});
