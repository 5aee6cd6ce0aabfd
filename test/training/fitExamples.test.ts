import { expect } from "chai";
import { describe, it } from "mocha";
import { checkModelFits, fitExamples, type PartShape } from "../../node/training/models/fitExamples.ts";
import type { LossSpec, Model, TargetSpec } from "../../node/training/models/model.ts";
import { ModelBuilder } from "../../node/training/models/modelBuilder.ts";
import { denseLayer } from "../../node/training/models/zoo/dense.ts";
import { zooModel } from "../../node/training/models/zooSpec.ts";
import type { Examples } from "../../node/training/trainer.ts";

const CLASSES: TargetSpec = { type: "int32", shape: [], classes: 2 };

/** A model that reads examples of a shape. */
function reading(
  shape: readonly number[],
  { loss = { kind: "softmax-cross-entropy" } as LossSpec, targets = CLASSES } = {},
): Model {
  const builder = new ModelBuilder();
  const flat = builder.graph.node("Flatten", [builder.example("x", "float32", shape)]);
  return builder.build(
    denseLayer(builder, "dense", flat, loss.kind === "softmax-cross-entropy" ? 2 : 1),
    loss,
    targets,
  );
}

/** Two examples whose values are their places, and one number a class. */
function counting(shape: readonly number[]): Examples {
  const each = shape.reduce((product, size) => product * size, 1);
  return {
    count: 2,
    inputs: [{ shape, values: Float32Array.from({ length: 2 * each }, (_, i) => i) }],
    targets: { shape: [], values: Int32Array.of(1, 0) },
    classes: 2,
  };
}

/** The first example's values as the model gets them. */
function read(from: readonly number[], to: readonly number[]): number[] {
  const [input] = fitExamples(reading(to), counting(from)).inputs;
  expect(input!.shape).to.deep.equal(to);
  return [...input!.values.subarray(0, input!.values.length / 2)];
}

describe("examples as a model reads them", () => {
  it("keep their order where only the shape's name changes", () => {
    const inTurn = Array.from({ length: 12 }, (_, i) => i);
    expect(read([2, 3, 2], [12])).to.deep.equal(inTurn);
    expect(read([3, 4, 1], [1, 3, 4])).to.deep.equal(inTurn);
    expect(read([3, 4], [3, 1, 4, 1])).to.deep.equal(inTurn);
    expect(read([12], [12, 1])).to.deep.equal(inTurn);
  });

  it("have their channels put first where the model has them there, also where sizes are alike", () => {
    expect(read([2, 3, 2], [2, 2, 3])).to.deep.equal([0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]);
    expect(read([3, 1, 3], [3, 3, 1])).to.deep.equal([0, 3, 6, 1, 4, 7, 2, 5, 8]);
    expect(read([1, 2, 2], [2, 1, 2])).to.deep.equal([0, 2, 1, 3]);
  });

  it("are refused where inputs have another size, number or type", () => {
    expect(() => read([2, 3], [3, 2])).to.throw(/input x is \[3, 2\] an example, the data has \[2, 3\]/);
    expect(() => read([5], [6])).to.throw(/input x is \[6\] an example, the data has \[5\]/);
    const pair = { ...counting([3]), inputs: [counting([3]).inputs[0]!, counting([3]).inputs[0]!] };
    expect(() => fitExamples(reading([3]), pair)).to.throw(/reads 1 inputs, the data has 2/);
    const ratings = zooModel({ kind: "matrix-factorisation", users: 3, items: 3, rank: 2 });
    expect(() => fitExamples(ratings, counting([2]))).to.throw(/input pair is int32, the data's is float32/);
  });

  it("are refused where the targets are not what the loss takes", () => {
    const fits = (model: Model, targets: PartShape, classes: number) => () =>
      checkModelFits(model, { inputs: [{ type: "float32", shape: [3] }], targets, classes });
    const number: PartShape = { type: "float32", shape: [] };
    const label: PartShape = { type: "int32", shape: [] };
    const binary = reading([3], { loss: { kind: "binary-cross-entropy" } });
    const real = reading([3], {
      loss: { kind: "mean-squared-error" },
      targets: { type: "float32", shape: [], classes: 0 },
    });
    expect(fits(reading([3]), number, 0)).to.throw(/tells classes, the data's target is a number/);
    expect(fits(binary, number, 0)).to.throw(/tells classes, the data's target is a number/);
    expect(fits(real, label, 2)).to.throw(/tells a number, the data's target is a class/);
    expect(fits(reading([3]), label, 3)).to.throw(/tells 2 classes, the data has 3/);
    expect(fits(binary, label, 3)).to.throw(/tells 2 classes, the data has 3/);
    expect(fits(reading([3]), { type: "int32", shape: [7] }, 2)).to.throw(/targets a single number.*are \[7\]/);
    for (const model of [binary, reading([3])]) expect(fits(model, label, 2)).not.to.throw();
    expect(fits(real, number, 0)).not.to.throw();
  });
});
