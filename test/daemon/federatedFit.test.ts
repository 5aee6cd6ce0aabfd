import { expect } from "chai";
import { describe, it } from "mocha";
import { applyAggregate, quantise } from "../../node/core/fixedPoint.ts";
import { weightedMean } from "../../node/core/weightedMean.ts";
import { JOB_EXAMPLES } from "../../node/cli/jobExamples.ts";
import { agreedContract, createFittingLearner, initialVector } from "../../node/daemon/learning/federatedFit.ts";
import { openJobModel, parameterCountOf } from "../../node/daemon/job/jobModel.ts";
import { fitLengthOf, parseJobSpec, vectorLengthOf, type JobSpecInput } from "../../node/daemon/job/jobSpec.ts";
import type { Learner } from "../../node/daemon/learning/learner.ts";
import { columnMeans } from "../../node/data/columnMeans.ts";
import type { TableContract } from "../../node/data/contract/table.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";

const JOB: JobSpecInput = {
  ...JOB_EXAMPLES.digits,
  model: { kind: "softmax-regression", inputs: 2, classes: 2 },
  data: {
    contract: {
      kind: "table",
      columns: [
        { name: "age", type: "number", min: 0, max: 120 },
        { name: "dose", type: "number", min: -50, max: 50 },
      ],
      label: { column: "ill", type: "class", classes: ["no", "yes"] },
    },
    fit: "federated",
  },
};
const spec = parseJobSpec(JOB);
const model = openJobModel(spec.model, ".");
const PARAMS = parameterCountOf(spec.model);
/** Three means each of two columns. */
const MEANS = 6;

/** Two rows of one participant, six of the other. */
const OURS = [
  [30, -4, "no"],
  [50, 8, "yes"],
] as const;
const THEIRS = [20, 40, 60, 64, 80, 90].map((age, i) => [age, i, i % 2 === 0 ? "no" : "yes"] as const);

/** Takes note of what it is asked, and moves each param by one half. */
class NotingLearner implements Learner {
  readonly exampleCount = 5;
  readonly seen: number[] = [];
  async localUpdate(params: Float32Array): Promise<Float32Array> {
    this.seen.push(params.length);
    return params.map(() => 0.5);
  }
  async contributions(params: Float32Array, updates: Parameters<Learner["contributions"]>[1]): Promise<number[]> {
    this.seen.push(params.length);
    return updates.map(({ values }) => values.length);
  }
}

describe("a job whose participants agree on the preprocessing in its first round", () => {
  const folder = temporaryFolder();
  const sourceOf = (name: string, rows: readonly (readonly unknown[])[]): string =>
    `csv:${folder.write(name, ["age,dose,ill", ...rows.map((row) => row.join(","))].join("\n"))}`;
  const contract = spec.data.contract as TableContract;
  const opened: TableContract[] = [];
  const open = async (source: string): Promise<{ learner: Learner; noting: NotingLearner }> => {
    const noting = new NotingLearner();
    const learner = createFittingLearner({
      spec,
      parameterCount: PARAMS,
      means: await columnMeans(source, contract),
      open: async (complete) => {
        opened.push(complete);
        return noting;
      },
    });
    return { learner, noting };
  };

  it("has room for the means behind the model's params, zeros at first", () => {
    const vector = initialVector(spec, model);
    expect([fitLengthOf(spec), vectorLengthOf(spec), vector.length]).to.deep.equal([
      MEANS,
      PARAMS + MEANS,
      PARAMS + MEANS,
    ]);
    expect([...vector.subarray(PARAMS)]).to.deep.equal([0, 0, 0, 0, 0, 0]);
    expect(vector.subarray(0, PARAMS).some((value) => value !== 0)).to.equal(true);
  });

  it("finds the mean and deviation of all rows from updates that carry means alone, and trains from the second round on", async () => {
    const [ours, theirs] = [await open(sourceOf("ours.csv", OURS)), await open(sourceOf("theirs.csv", THEIRS))];
    const vector = initialVector(spec, model);
    const exponent = spec.encoding.initialExponent;
    const first = [await ours.learner.localUpdate(vector, 1), await theirs.learner.localUpdate(vector, 1)];
    expect(first.every((update) => update.subarray(0, PARAMS).every((value) => value === 0))).to.equal(true);
    expect(await ours.learner.contributions(vector, [], new Int32Array(vector.length))).to.deep.equal([]);
    expect(opened).to.deep.equal([]);

    const counts = [ours.learner.exampleCount, theirs.learner.exampleCount];
    expect(counts).to.deep.equal([2, 6]);
    const mean = weightedMean(first.map((update, i) => ({ values: quantise(update, exponent), weight: counts[i]! })));
    const agreed = applyAggregate(vector, mean, exponent);
    expect([...agreed.subarray(0, PARAMS)]).to.deep.equal([...vector.subarray(0, PARAMS)]);
    const [age, dose] = agreedContract(spec, agreed.subarray(PARAMS))!.columns as { mean: number; stddev: number }[];
    // of 30, 50, 20, 40, 60, 64, 80, 90 and −4, 8, 0 … 5, worked out with numpy
    expect(age!.mean).to.be.closeTo(54.25, 0.02);
    expect(age!.stddev).to.be.closeTo(22.5042, 0.05);
    expect(dose!.mean).to.be.closeTo(2.375, 0.02);
    expect(dose!.stddev).to.be.closeTo(3.3518, 0.15);

    const second = await ours.learner.localUpdate(agreed, 2);
    expect([...second.subarray(0, PARAMS)]).to.deep.equal(new Array(PARAMS).fill(0.5));
    expect([...second.subarray(PARAMS)]).to.deep.equal([0, 0, 0, 0, 0, 0]);
    const update = { values: new Int16Array(vector.length), exponent, weight: 3 };
    expect(await ours.learner.contributions(agreed, [update], mean)).to.deep.equal([PARAMS]);
    expect(ours.noting.seen).to.deep.equal([PARAMS, PARAMS]);
    expect(opened.length).to.equal(1);
  });

  it("is refused where means would be clipped, overflow, or be no mean", () => {
    const withData =
      (changes: Partial<JobSpecInput>): (() => unknown) =>
      () =>
        parseJobSpec({ ...JOB, ...changes });
    const { encoding, aggregation } = JOB_EXAMPLES.digits;
    expect(withData({ encoding: { ...encoding, clipNorm: 2.4 } })).to.throw(/clipNorm.*at least 3/);
    expect(withData({ encoding: { ...encoding, initialExponent: 15 } })).to.throw(/initialExponent of at most 14/);
    expect(withData({ aggregation: { ...aggregation, rule: "median" } })).to.throw(/needs the weighted-mean/);
    expect(withData({ data: { ...JOB_EXAMPLES.digits.data, fit: "federated" } })).to.throw(
      /images are fitted to a sample/,
    );
  });
});
