import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { seededRandom } from "../../../node/core/random.ts";
import { createMetric } from "../../../node/training/metrics/createMetric.ts";
import type { MetricName } from "../../../node/training/metrics/metric.ts";
import type { MetricContext } from "../../../node/training/metrics/metricContext.ts";
import type { OutputRows } from "../../../node/training/metrics/outputRows.ts";
import { FEW } from "../../helpers/seeded.ts";
import { BINARY, binary, FIVE_CLASSES, fiveClasses, logitsOf } from "./rows.ts";

const valueOf = (name: MetricName, context: MetricContext, rows: OutputRows): number | undefined => {
  const metric = createMetric(name, context);
  metric.add(rows);
  return metric.value();
};
const softmax = (classes: number): MetricContext => ({ loss: { kind: "softmax-cross-entropy" }, classes });

describe("metrics of classes, on 55 rows of five classes and 5 of padding", () => {
  // numpy, float64, from the formulas of rows.ts; scikit-learn's definitions.
  const expected: readonly [MetricName, number][] = [
    ["loss", 1.96877666021],
    ["log-loss", 1.96877666021],
    ["accuracy", 30 / 55],
    ["macro-f1", 0.415549772284],
    ["perplexity", 7.161909678],
  ];
  for (const [name, value] of expected)
    it(`${name} agrees with numpy`, () => {
      expect(valueOf(name, FIVE_CLASSES, fiveClasses())).to.be.closeTo(value, 1e-9);
    });

  it("loss weighs rows by their target's class weight", () => {
    // numpy: Σ w·loss / Σ w, as PyTorch's CrossEntropyLoss.
    const classWeights = [1, 0.5, 2, 7, 0.25];
    const context: MetricContext = { ...FIVE_CLASSES, loss: { kind: "softmax-cross-entropy", classWeights } };
    expect(valueOf("loss", context, fiveClasses())).to.be.closeTo(2.024082109979, 1e-9);
    expect(valueOf("log-loss", context, fiveClasses())).to.be.closeTo(1.96877666021, 1e-9);
  });
});

describe("metrics of two classes from single logits, on 55 rows and 5 of padding", () => {
  // numpy, as above; two logits are exactly 0, which tells class 0.
  const expected: readonly [MetricName, number][] = [
    ["loss", 0.333767198156],
    ["log-loss", 0.333767198156],
    ["accuracy", 48 / 55],
    ["macro-f1", 0.872727272727],
  ];
  for (const [name, value] of expected)
    it(`${name} agrees with numpy`, () => {
      expect(valueOf(name, BINARY, binary())).to.be.closeTo(value, 1e-9);
      const { outputs, targets } = binary();
      const pairs = Float32Array.from({ length: 120 }, (_, i) => (i % 2 === 0 ? 0 : outputs[(i - 1) / 2]!));
      expect(valueOf(name, softmax(2), { outputs: pairs, targets })).to.be.closeTo(value, 1e-9);
    });
});

describe("published examples", () => {
  it("macro-f1: 4/15 in scikit-learn's documentation of f1_score", () => {
    const targets = Int32Array.of(0, 1, 2, 0, 1, 2);
    const rows = { targets, outputs: logitsOf([0, 2, 1, 0, 0, 1], 3) };
    expect(valueOf("macro-f1", softmax(3), rows)).to.be.closeTo(4 / 15, 1e-12);
  });

  it("log-loss: 0.21616 in scikit-learn's documentation of log_loss", () => {
    const probabilities = [0.1, 0.9, 0.9, 0.1, 0.8, 0.2, 0.35, 0.65];
    const rows = { targets: Int32Array.of(1, 0, 0, 1), outputs: Float32Array.from(probabilities, Math.log) };
    expect(valueOf("log-loss", softmax(2), rows)).to.be.closeTo(0.21616187, 1e-6);
  });

  it("perplexity: that of a die is its number of sides", () => {
    const rows = { targets: Int32Array.of(3, 0, 5), outputs: new Float32Array(18).fill(-4.25) };
    expect(valueOf("perplexity", softmax(6), rows)).to.be.closeTo(6, 1e-12);
  });
});

describe("macro-f1", () => {
  it("leaves classes out that are neither targets nor predicted, and counts those that are only predicted", () => {
    const targets = Int32Array.of(0, 0, 1);
    expect(valueOf("macro-f1", softmax(9), { targets, outputs: logitsOf([0, 0, 1], 9) })).to.equal(1);
    // class 0: 2·1 / (2 + 1) = 2/3; class 1: 1; class 7: 0
    const rows = { targets, outputs: logitsOf([0, 7, 1], 9) };
    expect(valueOf("macro-f1", softmax(9), rows)).to.be.closeTo(5 / 9, 1e-12);
  });

  it("does not depend on how classes are numbered", () => {
    const { outputs, targets } = fiveClasses();
    const before = valueOf("macro-f1", FIVE_CLASSES, { outputs, targets })!;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const renamed = seededRandom(seed).shuffle([0, 1, 2, 3, 4]);
        const moved = new Float32Array(outputs.length);
        // a hair apart, so that the first of two equal logits stays the larger one
        outputs.forEach((logit, at) => (moved[at - (at % 5) + renamed[at % 5]!] = logit - (at % 5) * 1e-4));
        const rows = { outputs: moved, targets: targets.map((k) => (k < 0 ? k : renamed[k]!)) };
        expect(valueOf("macro-f1", FIVE_CLASSES, rows)).to.be.closeTo(before, 1e-12);
      }),
      FEW,
    );
  });
});

describe("sure and wrong predictions", () => {
  it("cost 15.9 nats of log-loss at most, and sure and right ones a little", () => {
    const rows = { targets: Int32Array.of(0, 0), outputs: Float32Array.of(50, 0, 0, 50) };
    // numpy: the mean of −log(clip(p, ε, 1 − ε)), ε = numpy.finfo(float32).eps
    expect(valueOf("log-loss", softmax(2), rows)).to.be.closeTo(7.9711926360440195, 1e-9);
    expect(valueOf("loss", softmax(2), rows)).to.be.closeTo(25, 1e-9);
  });

  it("give the largest double as perplexity where it would be infinite", () => {
    const rows = { targets: Int32Array.of(1), outputs: Float32Array.of(800, 0) };
    expect(valueOf("perplexity", softmax(2), rows)).to.equal(Number.MAX_VALUE);
    expect(valueOf("loss", softmax(2), rows)).to.equal(800);
  });
});
