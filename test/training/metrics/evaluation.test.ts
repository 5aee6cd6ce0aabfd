import { expect } from "chai";
import { describe, it } from "mocha";
import { PacelineError } from "../../../node/core/errors.ts";
import { checkFit, createMetric } from "../../../node/training/metrics/createMetric.ts";
import { createEvaluation, type EvaluationOptions } from "../../../node/training/metrics/evaluation.ts";
import { METRIC_NAMES, METRIC_TRAITS, type MetricName } from "../../../node/training/metrics/metric.ts";
import type { MetricContext } from "../../../node/training/metrics/metricContext.ts";
import type { OutputRows } from "../../../node/training/metrics/outputRows.ts";
import { codeOf } from "../../helpers/errors.ts";
import { BINARY, binary, chunksOf, FIVE_CLASSES, fiveClasses, logitsOf, numbers, REAL, TAG_NAMES } from "./rows.ts";

const TAGS: MetricContext = { ...FIVE_CLASSES, tagNames: TAG_NAMES };
const CLASS_METRICS: readonly MetricName[] = ["accuracy", "macro-f1", "log-loss", "perplexity"];

function errorOf(work: () => unknown): PacelineError {
  try {
    work();
  } catch (error) {
    if (error instanceof PacelineError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("an evaluation", () => {
  const sets: readonly [string, EvaluationOptions, OutputRows][] = [
    ["classes", { ...FIVE_CLASSES, metrics: CLASS_METRICS, confusion: true }, fiveClasses()],
    ["two classes", { ...BINARY, metrics: ["auc", "accuracy", "log-loss"], confusion: true }, binary()],
    ["tags", { ...TAGS, metrics: ["entity-f1", "accuracy"] }, fiveClasses()],
    ["numbers", { ...REAL, metrics: ["rmse", "mae"], stddev: 2.5 }, numbers()],
  ];
  for (const [what, options, rows] of sets)
    it(`of ${what} in chunks of any size is that of the whole`, () => {
      const whole = createEvaluation(options);
      whole.add(rows);
      const expected = whole.result();
      expect(Object.keys(expected.metrics)).to.have.members(options.metrics);
      expect(expected.loss).to.be.above(0);
      for (const size of [1, 7, 59]) {
        const evaluation = createEvaluation(options);
        for (const chunk of chunksOf(rows, size)) evaluation.add(chunk);
        expect(evaluation.result()).to.deep.equal(expected);
      }
    });

  it("gives the loss, and each metric that was asked for, as the metric alone does", () => {
    const evaluation = createEvaluation({ ...FIVE_CLASSES, metrics: ["macro-f1", "loss"] });
    evaluation.add(fiveClasses());
    const { count, loss, metrics, undefinedMetrics, confusion } = evaluation.result();
    const macroF1 = createMetric("macro-f1", FIVE_CLASSES);
    macroF1.add(fiveClasses());
    expect(metrics).to.deep.equal({ "macro-f1": macroF1.value(), loss });
    expect(count).to.equal(55);
    expect(undefinedMetrics).to.deep.equal([]);
    expect(confusion).to.equal(undefined);
  });

  it("does not count padding anywhere, whatever the model puts out there", () => {
    const { outputs, targets } = fiveClasses();
    const clean = createEvaluation({ ...TAGS, metrics: [...CLASS_METRICS, "entity-f1"], confusion: true });
    const odd = createEvaluation({ ...TAGS, metrics: [...CLASS_METRICS, "entity-f1"], confusion: true });
    clean.add({ outputs, targets });
    odd.add({ outputs: outputs.map((value, at) => (targets[Math.floor(at / 5)] === -1 ? NaN : value)), targets });
    expect(odd.result()).to.deep.equal(clean.result());
  });

  it("names the metrics that have no value", () => {
    const evaluation = createEvaluation({ ...BINARY, metrics: ["auc", "accuracy"] });
    expect(evaluation.result()).to.deep.equal({ count: 0, metrics: {}, undefinedMetrics: ["auc", "accuracy"] });
    evaluation.add({ outputs: Float32Array.of(2, -1, 3), targets: Int32Array.of(1, 1, -1) });
    const { metrics, undefinedMetrics, loss } = evaluation.result();
    expect(metrics).to.deep.equal({ accuracy: 0.5 });
    expect(undefinedMetrics).to.deep.equal(["auc"]);
    expect(loss).to.be.closeTo((Math.log1p(Math.exp(-2)) + Math.log1p(Math.exp(1))) / 2, 1e-12);
    expect(METRIC_TRAITS.auc.undefinedWhen).to.match(/one class/);
  });

  it("takes binary targets as float32 too", () => {
    const rows = { outputs: Float32Array.of(2, -1), targets: Float32Array.of(1, 1) };
    const evaluation = createEvaluation({ ...BINARY, metrics: ["accuracy"] });
    evaluation.add(rows);
    expect(evaluation.result().metrics.accuracy).to.equal(0.5);
  });

  it("has no loss where all class weights that occur are 0", () => {
    const loss = { kind: "softmax-cross-entropy", classWeights: [0, 1, 0] } as const;
    const evaluation = createEvaluation({ loss, classes: 3, metrics: ["loss"] });
    evaluation.add({ outputs: logitsOf([1, 0], 3), targets: Int32Array.of(0, 2) });
    expect(evaluation.result()).to.deep.equal({ count: 2, metrics: {}, undefinedMetrics: ["loss"] });
  });
});

describe("rows that are not right", () => {
  const five = (
    targets: OutputRows["targets"],
    change: (outputs: Float32Array) => Float32Array = (o) => o,
  ): OutputRows => ({
    targets,
    outputs: change(new Float32Array(5 * targets.length)),
  });
  const withValue = (at: number, value: number) => (outputs: Float32Array) => outputs.with(at, value);
  const cases: readonly [string, MetricContext, OutputRows, string, RegExp][] = [
    ["a target above the classes", FIVE_CLASSES, five(Int32Array.of(4, 5)), "bad-input", /row 4: .* 5, .* 0 … 4/],
    ["a target below padding", FIVE_CLASSES, five(Int32Array.of(-2)), "bad-input", /row 3: .* -2/],
    ["a NaN logit", FIVE_CLASSES, five(Int32Array.of(0, 1), withValue(6, NaN)), "bad-input", /row 4: .*NaN.*diverged/],
    ["an infinite logit", FIVE_CLASSES, five(Int32Array.of(1), withValue(0, Infinity)), "bad-input", /Infinity/],
    [
      "too few logits",
      FIVE_CLASSES,
      { ...five(Int32Array.of(1)), outputs: new Float32Array(4) },
      "bad-argument",
      /4 out/,
    ],
    ["classes as numbers", FIVE_CLASSES, five(Float32Array.of(1)), "bad-argument", /int32/],
    [
      "numbers as classes",
      REAL,
      { outputs: new Float32Array(1), targets: new Int32Array(1) },
      "bad-argument",
      /float32/,
    ],
    [
      "a NaN target",
      REAL,
      { outputs: new Float32Array(1), targets: Float32Array.of(NaN) },
      "bad-input",
      /row 3: .*NaN/,
    ],
    ["a third class", BINARY, { outputs: new Float32Array(1), targets: Int32Array.of(2) }, "bad-input", /0 … 1/],
    ["half a class", BINARY, { outputs: new Float32Array(1), targets: Float32Array.of(0.5) }, "bad-input", /0\.5/],
    [
      "missing sentences",
      TAGS,
      { ...five(Int32Array.of(1, 2)), sentences: new Int32Array(1) },
      "bad-argument",
      /1 sent/,
    ],
    ["broken sentences", TAGS, { ...five(Int32Array.of(1, 2)), rowsPerSentence: 4 }, "bad-argument", /whole sentences/],
  ];
  for (const [what, context, rows, code, message] of cases)
    it(`are refused: ${what}`, () => {
      const evaluation = createEvaluation({ ...context, metrics: [] });
      const targets = context === REAL ? new Float32Array(3) : Int32Array.of(0, -1, 1);
      const width = context === FIVE_CLASSES || context === TAGS ? 5 : 1;
      evaluation.add({ targets, outputs: new Float32Array(3 * width) });
      const before = evaluation.result();
      const error = errorOf(() => evaluation.add(rows));
      expect(error.code).to.equal(code);
      expect(error.message).to.match(message);
      expect(evaluation.result()).to.deep.equal(before);
    });
});

describe("which metrics fit a model", () => {
  const fitting: readonly [string, MetricContext, readonly MetricName[]][] = [
    ["classes", FIVE_CLASSES, ["loss", "accuracy", "macro-f1", "log-loss", "perplexity"]],
    ["two logits", { ...FIVE_CLASSES, classes: 2 }, ["loss", "accuracy", "macro-f1", "auc", "log-loss", "perplexity"]],
    ["tags", TAGS, ["loss", "accuracy", "macro-f1", "entity-f1", "log-loss", "perplexity"]],
    ["one logit", BINARY, ["loss", "accuracy", "macro-f1", "auc", "log-loss"]],
    ["numbers", REAL, ["loss", "rmse", "mae"]],
  ];
  for (const [what, context, expected] of fitting)
    it(`is known for ${what}`, () => {
      const fits = METRIC_NAMES.filter((name) => codeOf(() => checkFit(name, context)) === "none");
      expect(fits).to.deep.equal(expected);
      const others = METRIC_NAMES.filter((name) => !expected.includes(name));
      for (const name of others) expect(codeOf(() => createMetric(name, context))).to.equal("bad-input");
    });

  it("is said in the error", () => {
    const { message } = errorOf(() => createEvaluation({ ...REAL, metrics: ["auc"] }));
    expect(message).to.match(/"auc" is for binary; .*mean-squared-error.* real/);
  });

  it("is a closed list of names, better low or high", () => {
    expect(METRIC_NAMES).to.include("entity-f1").and.not.to.include("f1");
    const low = METRIC_NAMES.filter((name) => METRIC_TRAITS[name].better === "lower");
    expect(low).to.deep.equal(["loss", "log-loss", "rmse", "mae", "perplexity"]);
  });

  it("needs a context that makes sense", () => {
    const softmax = { kind: "softmax-cross-entropy" } as const;
    const wrong: readonly MetricContext[] = [
      { loss: softmax, classes: 1 },
      { loss: softmax, classes: 2.5 },
      { loss: { ...softmax, classWeights: [1, 2] }, classes: 3 },
      { loss: { ...softmax, classWeights: [1, -2] }, classes: 2 },
      { loss: { ...softmax, classWeights: [1, NaN] }, classes: 2 },
      { ...TAGS, tagNames: ["O", "B-A"] },
      { ...REAL, stddev: 0 },
      { ...REAL, stddev: NaN },
    ];
    for (const context of wrong)
      expect(
        codeOf(() => createMetric("loss", context)),
        JSON.stringify(context),
      ).to.equal("bad-argument");
  });
});
