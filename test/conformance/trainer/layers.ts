import { expect } from "chai";
import { it } from "mocha";
import { float, type Value } from "../../../node/training/graph/graph.ts";
import type { Model } from "../../../node/training/models/model.ts";
import { ModelBuilder } from "../../../node/training/models/modelBuilder.ts";
import { zooModel, zooSchema } from "../../../node/training/models/zooSpec.ts";
import type { Examples, LocalPlan } from "../../../node/training/trainer.ts";
import { examplesOf, expectClose, PLAN, SEED, type TrainerOf } from "./trials.ts";

/** Layers that behave differently while a model is trained. */

const DROPPING = zooModel(zooSchema.parse({ kind: "mlp", inputs: 4, hidden: [6], classes: 3, dropout: 0.5 }));
const WITHOUT_DROPOUT = zooModel(zooSchema.parse({ kind: "mlp", inputs: 4, hidden: [6], classes: 3 }));

/** A batch normalisation of one channel, and nothing else. */
function normalisingModel(): Model {
  const builder = new ModelBuilder();
  const x = builder.example("x", "float32", [1]);
  const param = (name: string, role: "weight" | "statistic"): Value =>
    builder.param(name, [1], { kind: "constant", value: 1 }, role);
  const weights = [param("scale", "weight"), param("shift", "weight")];
  const statistics = [param("mean", "statistic"), param("variance", "statistic")];
  const normal = builder.graph.node("BatchNormalization", [x, ...weights, ...statistics], {
    epsilon: float(0.25),
    momentum: float(0.8),
  });
  return builder.build(normal, { kind: "mean-squared-error" }, { type: "float32", shape: [1], classes: 0 });
}

export function describeTrainingLayers(trainerOf: TrainerOf): void {
  it("gives the same bytes for the same seed, other params for another, and changes nothing that it was given", async () => {
    const trainer = trainerOf(DROPPING);
    const params = trainer.initialParams(2);
    const examples = examplesOf(DROPPING);
    const given = structuredClone({ params, examples });
    const train = async (seed: number[]): Promise<Float32Array> =>
      (await trainer.train({ params, examples, plan: PLAN, seed })).params;
    const first = await train([1, 2]);
    expect(await train([1, 2])).to.deep.equal(first);
    expect(await train([2, 1])).not.to.deep.equal(first);
    await trainer.lossGradient(params, examples);
    await trainer.predict(params, examples);
    expect({ params, examples }).to.deep.equal(given);
  });

  it("drops units only while it trains", async () => {
    const trainer = trainerOf(DROPPING);
    const params = trainer.initialParams(2);
    const examples = examplesOf(DROPPING);
    expectClose(await trainer.predict(params, examples), await trainer.predict(params, examples), 0);
    const [dropped, whole] = [DROPPING, WITHOUT_DROPOUT].map((model) =>
      trainerOf(model).train({ params, examples, plan: PLAN, seed: SEED }),
    );
    expect((await dropped!).params).not.to.deep.equal((await whole!).params);
  });

  it("normalises a batch by its own statistics, and moves the running ones by the momentum", async () => {
    const model = normalisingModel();
    const trainer = trainerOf(model);
    const examples: Examples = {
      count: 4,
      inputs: [{ shape: [1], values: Float32Array.of(1, 2, 3, 6) }],
      targets: { shape: [1], values: Float32Array.of(0, 0, 0, 1) },
      classes: 0,
    };
    // scale 2, shift 0.5, running mean 1, running variance 4; the batch has the mean 3 and the variance 3.5
    const params = Float32Array.of(2, 0.5, 1, 4);
    const normal = [1, 2, 3, 6].map((x) => (x - 3) / Math.sqrt(3.5 + 0.25));
    const away = normal.map((x, i) => 2 * x + 0.5 - (i === 3 ? 1 : 0));
    const plan: LocalPlan = { ...PLAN, length: { localSteps: 1 } };
    const trained = await trainer.train({ params, examples, plan, seed: SEED });
    const slope = (by: (i: number) => number): number => away.reduce((sum, value, i) => sum + value * by(i), 0) / 2;
    const expected = [
      2 - 0.1 * slope((i) => normal[i]!),
      0.5 - 0.1 * slope(() => 1),
      0.8 + 0.2 * 3,
      0.8 * 4 + 0.2 * 3.5,
    ];
    expectClose(trained.params, expected, 1e-5);
    // where it predicts, the running statistics count
    expectClose(
      await trainer.predict(params, examples),
      [1, 2, 3, 6].map((x) => (2 * (x - 1)) / Math.sqrt(4.25) + 0.5),
      1e-5,
    );
    // training does not follow it, but the loss has a slope along them as well: by the mean, and by the variance
    const { gradient } = await trainer.lossGradient(params, examples);
    const inverse = 1 / Math.sqrt(4.25);
    const told = [1, 2, 3, 6].map((x) => 2 * (x - 1) * inverse + 0.5);
    const errors = told.map((value, i) => value - (i === 3 ? 1 : 0));
    const byMean = errors.reduce((sum, error) => sum - error * 2 * inverse, 0) / 2;
    const byVariance = errors.reduce((sum, error, i) => sum - (error * (told[i]! - 0.5)) / 2 / 4.25, 0) / 2;
    expectClose(gradient.subarray(2), [byMean, byVariance], 1e-4);
  });

  it("takes a running variance below 0 for 0, where its slope is that to the right", async () => {
    const trainer = trainerOf(normalisingModel());
    const examples: Examples = {
      count: 2,
      inputs: [{ shape: [1], values: Float32Array.of(3, 2) }],
      targets: { shape: [1], values: Float32Array.of(1, 2) },
      classes: 0,
    };
    // scale 2, shift 0.5, mean 1: outputs 2 · (x − 1) / √0.25 + 0.5 = 8.5 and 4.5, 7.5 and 2.5 off
    const at = (variance: number): Float32Array => Float32Array.of(2, 0.5, 1, variance);
    const byVariance = (-(7.5 * 8) - 2.5 * 4) / 2 / 0.25;
    for (const [variance, slope] of [
      [0, byVariance],
      [-0.5, 0],
    ] as const) {
      expectClose(await trainer.predict(at(variance), examples), [8.5, 4.5], 1e-5);
      const { gradient } = await trainer.lossGradient(at(variance), examples);
      expectClose(gradient.subarray(2), [-(7.5 + 2.5) * 4, slope], 1e-3);
    }
  });

  it("needs no more randomness for dropout than the examples that there are", async () => {
    const wide = zooModel(zooSchema.parse({ kind: "mlp", inputs: 4, hidden: [16_384], classes: 3, dropout: 0.5 }));
    const trainer = trainerOf(wide);
    const examples = examplesOf(wide);
    const job = { params: trainer.initialParams(2), examples, seed: SEED };
    const train = async (batchSize: number): Promise<Float32Array> =>
      (await trainer.train({ ...job, plan: { ...PLAN, batchSize } })).params;
    // 65,536 rows of it would be a thousand million numbers
    expect(await train(65_536)).to.deep.equal(await train(examples.count));
  });
}
