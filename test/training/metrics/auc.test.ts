import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { createMetric } from "../../../node/training/metrics/createMetric.ts";
import type { OutputRows } from "../../../node/training/metrics/outputRows.ts";
import { SEEDED } from "../../helpers/seeded.ts";
import { BINARY, binary, chunksOf } from "./rows.ts";

function auc(
  scores: readonly number[] | Float32Array,
  targets: readonly number[] | OutputRows["targets"],
): number | undefined {
  const metric = createMetric("auc", BINARY);
  metric.add({ outputs: Float32Array.from(scores), targets: Int32Array.from(targets) });
  return metric.value();
}

/** Scores with many ties, and a class each. */
const labelled = fc.array(fc.record({ score: fc.integer({ min: -6, max: 6 }), target: fc.nat(1) }), {
  minLength: 2,
  maxLength: 40,
});

describe("the area under the ROC curve", () => {
  it("is 0.75 in scikit-learn's documentation of roc_auc_score", () => {
    expect(auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).to.equal(0.75);
  });

  it("agrees with numpy's count of 726 pairs won among 26 · 29, ties counting half", () => {
    const { outputs, targets } = binary();
    expect(auc(outputs, targets)).to.be.closeTo(726 / (26 * 29), 1e-12);
  });

  it("is one half where all scores are equal, and 1 or 0 where they part the classes", () => {
    expect(auc([3, 3, 3, 3, 3], [0, 1, 1, 0, 1])).to.equal(0.5);
    expect(auc([-2, -1, 5], [0, 0, 1])).to.equal(1);
    expect(auc([-2, -1, 5], [1, 1, 0])).to.equal(0);
  });

  it("is the share of pairs that are in order", () => {
    fc.assert(
      fc.property(labelled, (rows) => {
        const of = (k: number): number[] => rows.filter(({ target }) => target === k).map(({ score }) => score);
        const pairs = of(1).flatMap((positive) => of(0).map((negative) => (Math.sign(positive - negative) + 1) / 2));
        const expected = pairs.length === 0 ? undefined : pairs.reduce((sum, won) => sum + won) / pairs.length;
        const value = auc(
          rows.map(({ score }) => score),
          rows.map(({ target }) => target),
        );
        if (expected === undefined) expect(value).to.equal(undefined);
        else expect(value).to.be.closeTo(expected, 1e-12);
      }),
      SEEDED,
    );
  });

  it("does not change where scores are mapped and keep their order, and turns about with the classes", () => {
    const { outputs, targets } = binary();
    const value = auc(outputs, targets)!;
    expect(auc(outputs.map(Math.exp), targets)).to.equal(value);
    const turned = targets.map((k) => (k < 0 ? k : 1 - k));
    expect(auc(outputs, turned)).to.be.closeTo(1 - value, 1e-12);
  });

  it("takes the difference of two logits as score", () => {
    const { outputs, targets } = binary();
    const pairs = Float32Array.from({ length: 120 }, (_, i) => {
      const row = Math.floor(i / 2);
      return i % 2 === 0 ? (row % 5) - 2 : outputs[row]! + (row % 5) - 2;
    });
    const metric = createMetric("auc", { loss: { kind: "softmax-cross-entropy" }, classes: 2 });
    metric.add({ outputs: pairs, targets });
    expect(metric.value()).to.equal(auc(outputs, targets));
  });

  it("can be asked between chunks, and keeps thousands of scores", () => {
    const metric = createMetric("auc", BINARY);
    const outputs = Float32Array.from({ length: 5000 }, (_, i) => (i * 1237) % 5003);
    const targets = Int32Array.from(outputs, (score) => (score >= 1000 ? 1 : 0));
    const values = chunksOf({ outputs, targets }, 1700).map((chunk) => {
      metric.add(chunk);
      return metric.value();
    });
    expect(values).to.deep.equal([1, 1, 1]);
    metric.add({ outputs: Float32Array.of(-1), targets: Int32Array.of(1) }); // below all negatives
    const positives = targets.filter((k) => k === 1).length;
    expect(metric.value()).to.be.closeTo(positives / (positives + 1), 1e-12);
  });

  it("has no value without rows of both classes", () => {
    expect(auc([0.5, 2, -1], [1, 1, 1])).to.equal(undefined);
    expect(auc([0.5, 2, -1], [0, -1, 0])).to.equal(undefined);
    expect(auc([], [])).to.equal(undefined);
  });
});
