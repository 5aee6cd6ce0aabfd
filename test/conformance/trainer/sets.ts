import { expect } from "chai";
import { it } from "mocha";
import type { Model } from "../../../node/training/models/model.ts";
import type { Examples } from "../../../node/training/trainer.ts";
import { linearModel, referenceLossGradient, referenceOutputs } from "./linearReference.ts";
import { examplesOf, expectClose, linear, LINEAR, LOSSES, PLAN, SEED, type TrainerOf } from "./trials.ts";

export function describeSets(trainerOf: TrainerOf): void {
  it("takes sets that are larger than it works on at once", async () => {
    const model = linearModel(LINEAR);
    const trainer = trainerOf(model);
    const params = trainer.initialParams(2);
    const examples = examplesOf(model, 4500);
    const everything = [...Array(examples.count).keys()];
    const reference = referenceLossGradient(LINEAR, Float64Array.from(params), examples, everything);
    const outputs = await trainer.predict(params, examples);
    expectClose(outputs, referenceOutputs(LINEAR, Float64Array.from(params), examples), 1e-5);
    const { loss, gradient } = await trainer.lossGradient(params, examples);
    expect(loss).to.be.closeTo(reference.loss, 1e-5);
    expectClose(gradient, reference.gradient, 1e-5);
    const { count, metrics } = await trainer.evaluate(params, examples, { metrics: ["accuracy"] });
    expect(count).to.equal(4500);
    expect(metrics.accuracy).to.be.closeTo(accuracyOf(outputs, examples), 1e-9);
  });

  it("splits the fall of the loss among updates", async () => {
    const { trainer, params, examples } = linear(trainerOf);
    const updates = [1, 2].map((seed) => ({
      values: Int16Array.from(params, (_, i) => ((i * 37 * seed) % 101) - 50),
      exponent: 8,
      weight: seed,
    }));
    const mean = Float64Array.from(params, (_, i) => (updates[0]!.values[i]! + 2 * updates[1]!.values[i]!) / 3 / 256);
    const parts = await trainer.contributions({ params, updates, mean, points: 8, examples });
    const lossAt = async (at: Float32Array): Promise<number> => (await trainer.lossGradient(at, examples)).loss;
    const fall = (await lossAt(params)) - (await lossAt(params.map((value, i) => value + mean[i]!)));
    expect(Math.abs(fall)).to.be.above(1e-3);
    expect(parts[0]! + parts[1]!).to.be.closeTo(fall, 1e-4);
  });

  it("works for several models at a time", async () => {
    const models = Object.values(LOSSES).map(linearModel);
    const train = (model: Model): Promise<Float32Array> => {
      const trainer = trainerOf(model);
      const params = trainer.initialParams(2);
      return trainer.train({ params, examples: examplesOf(model), plan: PLAN, seed: SEED }).then((made) => made.params);
    };
    const together = await Promise.all(models.map(train));
    for (const [i, model] of models.entries()) expect(await train(model)).to.deep.equal(together[i]);
  });
}

function accuracyOf(outputs: Float32Array, { count, targets }: Examples): number {
  let right = 0;
  for (let row = 0; row < count; row++) {
    const logits = outputs.subarray(row * 3, row * 3 + 3);
    if (logits.indexOf(Math.max(...logits)) === targets.values[row]) right++;
  }
  return right / count;
}
