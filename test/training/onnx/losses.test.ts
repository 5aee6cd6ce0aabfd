import { expect } from "chai";
import { describe, it } from "mocha";
import type { LossSpec, TargetSpec } from "../../../node/training/models/model.ts";
import { ModelBuilder } from "../../../node/training/models/modelBuilder.ts";
import { OnnxTrainer } from "../../../node/training/onnxTrainer.ts";

/** Losses and gradients at outputs that are the params themselves: the figures are worked out with a pocket calculator. */

interface Told {
  readonly loss: number;
  readonly gradient: readonly number[];
}

/** One example whose outputs are the params `outputs`, of the given shape. */
async function lossAt(
  loss: LossSpec,
  spec: TargetSpec,
  shape: readonly number[],
  outputs: readonly number[],
  targets: readonly number[],
): Promise<Told & { readonly stepped: readonly number[] }> {
  const builder = new ModelBuilder();
  const one = builder.example("one", "float32", [1]);
  const params = builder.param("outputs", [1, ...shape], { kind: "constant", value: 0 });
  const ones = builder.graph.node("Reshape", [one, builder.graph.ints([-1, ...shape.map(() => 1)])]);
  const model = builder.build(builder.graph.node("Mul", [ones, params]), loss, spec);
  const trainer = new OnnxTrainer(model);
  const examples = {
    count: 1,
    inputs: [{ shape: [1], values: Float32Array.of(1) }],
    targets: {
      shape: spec.shape,
      values: spec.type === "int32" ? Int32Array.from(targets) : Float32Array.from(targets),
    },
    classes: spec.classes,
  };
  const at = Float32Array.from(outputs);
  const { loss: told, gradient } = await trainer.lossGradient(at, examples);
  const plan = { length: { localSteps: 1 }, batchSize: 1, optimiser: { kind: "sgd" }, learningRate: 1 } as const;
  const trained = await trainer.train({ params: at, examples, plan, seed: [1] });
  await trainer.close();
  return {
    loss: told,
    gradient: Array.from(gradient),
    stepped: Array.from(trained.params, (value, i) => at[i]! - value),
  };
}

const WORDS: TargetSpec = { type: "int32", shape: [3], classes: 2 };

/** Rows of two logits whose softmax is (¾, ¼), (½, ½) and (0.9, 0.1). */
const LOGITS = [Math.log(3), 0, 7, 7, 0, -Math.log(9)];

const cases: Readonly<
  Record<string, [LossSpec, TargetSpec, readonly number[], readonly number[], readonly number[], Told]>
> = {
  "cross-entropy is the mean of −ln p": [
    { kind: "softmax-cross-entropy" },
    WORDS,
    [3, 2],
    LOGITS,
    [1, 0, 0],
    // −ln ¼, −ln ½, −ln 0.9
    {
      loss: (1.386294 + 0.693147 + 0.105361) / 3,
      gradient: [0.75, -0.75, -0.5, 0.5, -0.1, 0.1].map((value) => value / 3),
    },
  ],
  "padding counts nowhere": [
    { kind: "softmax-cross-entropy" },
    WORDS,
    [3, 2],
    LOGITS,
    [1, -1, 0],
    { loss: (1.386294 + 0.105361) / 2, gradient: [0.75, -0.75, 0, 0, -0.1, 0.1].map((value) => value / 2) },
  ],
  "class weights weigh the mean, as PyTorch's do": [
    { kind: "softmax-cross-entropy", classWeights: [0.5, 3] },
    WORDS,
    [3, 2],
    LOGITS,
    [1, 0, 0],
    {
      loss: (3 * 1.386294 + 0.5 * 0.693147 + 0.5 * 0.105361) / 4,
      gradient: [3 * 0.75, -3 * 0.75, 0.5 * -0.5, 0.5 * 0.5, 0.5 * -0.1, 0.5 * 0.1].map((value) => value / 4),
    },
  ],
  "class weights and padding": [
    { kind: "softmax-cross-entropy", classWeights: [0.5, 3] },
    WORDS,
    [3, 2],
    LOGITS,
    [-1, -1, 0],
    { loss: 0.105361, gradient: [0, 0, 0, 0, -0.1, 0.1] },
  ],
  "logits of any size stay numbers": [
    { kind: "softmax-cross-entropy" },
    WORDS,
    [3, 2],
    [1e4, -1e4, -1e30, 1e30, 3e4, 3e4],
    [1, 1, 0],
    { loss: (2e4 + 0 + 0.693147) / 3, gradient: [1, -1, 0, 0, -0.5, 0.5].map((value) => value / 3) },
  ],
  "binary cross-entropy is the mean over all targets": [
    { kind: "binary-cross-entropy" },
    { type: "float32", shape: [4], classes: 0 },
    [4],
    // σ = ¾, ¼, ½, and one that is certain
    [Math.log(3), -Math.log(3), 0, -200],
    [1, 1, 0, 1],
    {
      loss: (0.287682 + 1.386294 + 0.693147 + 200) / 4,
      gradient: [-0.25, -0.75, 0.5, -1].map((value) => value / 4),
    },
  ],
  "squared error is the mean over all targets": [
    { kind: "mean-squared-error" },
    { type: "float32", shape: [4], classes: 0 },
    [4],
    [1.5, -2, 0.25, 7],
    [1, 1, 0.25, 10],
    { loss: (0.25 + 9 + 0 + 9) / 4, gradient: [1, -6, 0, -6].map((value) => value / 4) },
  ],
};

describe("losses by hand", () => {
  for (const [name, [loss, spec, shape, outputs, targets, expected]] of Object.entries(cases)) {
    it(name, async () => {
      const found = await lossAt(loss, spec, shape, outputs, targets);
      expect(found.loss).to.be.closeTo(expected.loss, 1e-6 * Math.max(1, expected.loss));
      expected.gradient.forEach((value, i) => {
        expect(found.gradient[i], `gradient ${i}`).to.be.closeTo(value, 1e-6);
        // a step of gradient descent finds the same, up to the rounding of what it is taken from
        if (Math.abs(outputs[i]!) < 100) expect(found.stepped[i], `step ${i}`).to.be.closeTo(value, 1e-6);
      });
    });
  }
});
