import { expect } from "chai";
import { describe, it } from "mocha";
import type { Value } from "../../../node/training/graph/graph.ts";
import { ZEROS } from "../../../node/training/models/model.ts";
import { ModelBuilder } from "../../../node/training/models/modelBuilder.ts";
import { OnnxTrainer } from "../../../node/training/onnxTrainer.ts";
import type { OptimiserSpec } from "../../../node/training/optimiserSpec.ts";

/** One step of learning rate 0.1 on two examples of two numbers, whose target is 0: the loss is the mean of (x·W)². */
async function stepped(
  optimiser: OptimiserSpec,
  shapes: readonly (readonly number[])[],
  weight: (builder: ModelBuilder, ...params: readonly Value[]) => Value,
  params: readonly number[],
): Promise<readonly number[]> {
  const builder = new ModelBuilder();
  const x = builder.example("x", "float32", [2]);
  const values = shapes.map((shape, i) => builder.param(`p${i}`, shape, ZEROS));
  const outputs = builder.graph.node("MatMul", [x, weight(builder, ...values)]);
  const model = builder.build(outputs, { kind: "mean-squared-error" }, { type: "float32", shape: [1], classes: 0 });
  const trainer = new OnnxTrainer(model);
  const trained = await trainer.train({
    params: Float32Array.from(params),
    examples: {
      count: 2,
      inputs: [{ shape: [2], values: Float32Array.of(1, 2, 3, -1) }],
      targets: { shape: [1], values: Float32Array.of(0, 0) },
      classes: 0,
    },
    plan: { length: { localSteps: 1 }, batchSize: 2, optimiser, learningRate: 0.1 },
    seed: [1],
  });
  await trainer.close();
  return Array.from(trained.params);
}

function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found.length).to.equal(expected.length);
  expected.forEach((value, i) => expect(found[i], `param ${i}`).to.be.closeTo(value, 1e-6));
}

/** At W = (2, 1): outputs 4 and 5, so the gradient is Σ x·output = (4 + 15, 8 − 5). */
const GRADIENT = [19, 3];

describe("optimisers in ONNX", () => {
  it("move all weights that share a gradient", async () => {
    const sum = (builder: ModelBuilder, a?: Value, b?: Value): Value => builder.graph.node("Add", [a, b]);
    const params = [1.5, 0.25, 0.5, 0.75];
    const found = await stepped(
      { kind: "sgd" },
      [
        [2, 1],
        [2, 1],
      ],
      sum,
      params,
    );
    expectClose(
      found,
      params.map((value, i) => value - 0.1 * GRADIENT[i % 2]!),
    );
  });

  it("move a weight whose gradient is needed once more", async () => {
    // W = p₀ + p₁ with p₁ a scalar, whose gradient is the sum of the other's
    const sum = (builder: ModelBuilder, a?: Value, b?: Value): Value => builder.graph.node("Add", [a, b]);
    const found = await stepped({ kind: "sgd" }, [[2, 1], []], sum, [1.5, 0.5, 0.5]);
    expectClose(found, [1.5 - 1.9, 0.5 - 0.3, 0.5 - 2.2]);
  });

  const decaying: readonly OptimiserSpec[] = [
    { kind: "sgd", weightDecay: 0.5 },
    { kind: "momentum", momentum: 0.9, weightDecay: 0.5 },
    { kind: "adam", weightDecay: 0.5 },
    { kind: "adamw", weightDecay: 0.5 },
  ];
  for (const optimiser of decaying) {
    it(`leave a weight alone that the loss does not depend on (${optimiser.kind} with decay)`, async () => {
      const first = (_: ModelBuilder, a?: Value): Value => a as Value;
      const [a, b, unused] = await stepped(optimiser, [[2, 1], []], first, [2, 1, 7]);
      expect(unused).to.equal(7);
      expect([a, b]).to.not.include.members([2, 1]);
    });
  }
});
