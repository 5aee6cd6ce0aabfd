import { expect } from "chai";
import { Command } from "commander";
import { describe, it } from "mocha";
import { JOB_EXAMPLES } from "../../../node/cli/jobExamples.ts";
import { defineFederation, defineWork, toSettings } from "../../../node/cli/simulation/commandLine.ts";
import { reportMetric } from "../../../node/cli/simulation/reportMetric.ts";
import { openSimulatedJob } from "../../../node/cli/simulation/simulatedJob.ts";
import type { SimulationSettings } from "../../../node/cli/simulation/settings.ts";
import { missingIn } from "../../../node/data/contract.ts";
import { seededRandom } from "../../../node/core/random.ts";
import { temporaryFolder } from "../../data/temporaryFolder.ts";
import { rejectionOf } from "../../helpers/errors.ts";

/** The settings that a command line comes to. */
function settingsOf(line: string): SimulationSettings {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  defineWork(command);
  defineFederation(command);
  command.parse(line === "" ? [] : line.split(" "), { from: "user" });
  return toSettings(command.opts(), command);
}

describe("the work of a simulation", () => {
  const folder = temporaryFolder();
  const random = seededRandom(6);
  const rows = Array.from({ length: 200 }, (_, i) => {
    const age = 20 + random.below(60);
    return `${i},${age},${["f", "m"][random.below(2)]},${["clinic", "ward", "home"][i % 3]},${age > 45 ? "ill" : "well"},${3 * age}`;
  });
  const table = `csv:${folder.write("table.csv", ["id,age,sex,site,state,cost", ...rows].join("\n"))}`;
  const job = {
    ...JOB_EXAMPLES.digits,
    name: "of a file",
    rounds: 4,
    members: { ...JOB_EXAMPLES.digits.members, start: 6, committee: 5, suspendDraws: 3 },
    model: { kind: "mlp", inputs: 3, hidden: [7], classes: 2 },
    task: { metrics: ["auc", "accuracy"] },
    data: {
      contract: {
        kind: "table",
        columns: [
          { name: "age", type: "number" },
          { name: "sex", type: "category" },
        ],
        label: { column: "state", type: "class" },
        group: "site",
        ignore: ["id", "cost"],
      },
    },
    localTraining: { localSteps: 9, batchSize: 4, learningRate: 0.003, optimiser: { kind: "adam" } },
  };
  const file = folder.write("job.json", JSON.stringify(job));

  it("is a job's own, on its model, with its optimiser and metric, and fitted to the very data", async () => {
    const settings = settingsOf(`--job ${file} --data ${table} --participants 3 --sign-flippers 0`);
    const { spec, model, data } = await openSimulatedJob(settings);
    expect(spec.localTraining).to.deep.equal(job.localTraining);
    expect(spec.model).to.deep.equal(job.model);
    expect(missingIn(spec.data.contract)).to.deep.equal([]);
    expect(spec.members).to.include({ start: 3, cohort: 3, committee: 5, suspendDraws: 3 });
    expect(reportMetric(spec, model)).to.deep.equal({ name: "auc", better: "higher", isShare: false });
    expect(data.scheme).to.deep.equal({ kind: "group" }); // a site each
    for (const { train, validation } of data.holdings)
      expect(new Set([...train.groups!, ...validation.groups!]).size).to.equal(1);
    expect(data.test.count).to.equal(40);
  });

  it("has a model of the data's sizes, though the job file gives others", async () => {
    const narrow = folder.write("narrow.json", JSON.stringify({ ...job, model: { ...job.model, inputs: 2 } }));
    const { spec } = await openSimulatedJob(settingsOf(`--job ${narrow} --data ${table}`));
    expect(spec.model).to.deep.equal(job.model);
  });

  it("has time for a model that is slow", async () => {
    const settings = settingsOf("--model cnn --participants 3 --sign-flippers 0 --examples 90 --test-examples 10");
    const { spec } = await openSimulatedJob(settings);
    const { spec: quick } = await openSimulatedJob({ ...settings, model: "mlp" });
    expect([spec.phases.demand, quick.phases.demand]).to.deep.equal([150, 15]);
  });

  it("takes from the command line what the job says too, only where it is given there", () => {
    const given = settingsOf(`--job ${file} --data ${table}`);
    expect(given).to.include({ participants: 6, rounds: 4, committee: 5, liarRound: 3 });
    expect(settingsOf(`--job ${file} --data ${table} --rounds 2 --committee 9`)).to.include({
      participants: 6,
      rounds: 2,
      committee: 9,
      liarRound: 0,
    });
    expect(settingsOf("")).to.include({ participants: 8, rounds: 10, committee: 7, liarRound: 3 });
  });

  it("is not told twice", () => {
    for (const twice of ["--label state", "--model cnn", "--hidden 3", "--learning-rate 0.1", "--target class"])
      expect(() => settingsOf(`--job ${file} ${twice}`)).to.throw(/cannot be used with/);
  });

  it("is found out from the data without a job", async () => {
    const { spec, model, data } = await openSimulatedJob(
      settingsOf(`--data ${table} --label state --ignore id,cost,site --participants 4 --hidden 6`),
    );
    expect(spec.model).to.deep.equal({ kind: "mlp", inputs: 3, hidden: [6], classes: 2 });
    expect(spec.localTraining).to.deep.include({ localEpochs: 5, learningRate: 0.25, optimiser: { kind: "sgd" } });
    expect(data.scheme).to.deep.equal({ kind: "dirichlet", alpha: 1 });
    expect(reportMetric(spec, model)).to.deep.equal({ name: "accuracy", better: "higher", isShare: true });
  });

  it("tells a number where it is asked to, standardised and told in its own unit", async () => {
    const { spec, model, data } = await openSimulatedJob(
      settingsOf(
        `--data ${table} --label cost --target number --ignore id,state --participants 4 --optimiser momentum`,
      ),
    );
    expect(spec.model).to.include({ kind: "mlp", inputs: 6, classes: 0 });
    expect(spec.localTraining).to.deep.include({ learningRate: 0.001, optimiser: { kind: "momentum", momentum: 0.9 } });
    const { contract } = spec.data;
    expect(contract.kind === "table" && contract.label).to.include({ type: "number", scale: "standardise" });
    expect(Math.max(...data.test.targets.values)).to.be.within(1, 3);
    expect(data.scheme).to.deep.equal({ kind: "iid" });
    expect(reportMetric(spec, model)).to.deep.equal({ name: "rmse", better: "lower", isShare: false });
  });

  it("is measured on another source where one is named", async () => {
    const test = `csv:${folder.write("test.csv", ["id,age,sex,site,state,cost", ...rows.slice(0, 11)].join("\n"))}`;
    const { data } = await openSimulatedJob(settingsOf(`--job ${file} --data ${table} --test-data ${test}`));
    expect(data.test.count).to.equal(11);
    expect(data.scheme.kind).to.equal("dirichlet"); // six participants, three sites
    expect(data.holdings.reduce((sum, { train, validation }) => sum + train.count + validation.count, 0)).to.equal(200);
  });

  it("is refused where job, model and data do not fit each other, or cannot be dealt so", async () => {
    const other = folder.write(
      "other.json",
      JSON.stringify({ ...job, model: { kind: "linear-regression", inputs: 3 } }),
    );
    const error = folder.write("error.json", JSON.stringify({ ...job, task: { metrics: ["rmse"] } }));
    for (const line of [
      `--job ${other} --data ${table}`,
      `--job ${error} --data ${table}`,
      `--job ${file} --data digits`,
      `--job ${file} --data ${table} --partition shards:200`,
      `--data ${table} --label cost --target number --partition dirichlet:1`,
      `--data ${table} --label state --model cnn`,
    ])
      expect(await rejectionOf(openSimulatedJob(settingsOf(line))), line).to.equal("bad-input");
  });
});
