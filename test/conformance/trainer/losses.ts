import { expect } from "chai";
import { describe, it } from "mocha";
import { linearModel, type Reference, referenceLossGradient, referenceOutputs } from "./linearReference.ts";
import { examplesOf, expectClose, LOSSES, PLAN, SEED, type TrainerOf } from "./trials.ts";
import { referenceTrained } from "./referenceTraining.ts";

export function describeLosses(trainerOf: TrainerOf): void {
  for (const [loss, spec] of Object.entries(LOSSES)) {
    describe(`of ${loss}`, () => {
      const model = linearModel(spec);
      const examples = examplesOf(model);
      const everything = [...Array(examples.count).keys()];

      it("tells outputs, loss and gradient as they are by hand", async () => {
        const trainer = trainerOf(model);
        const params = trainer.initialParams(2);
        const reference: Reference = referenceLossGradient(spec, Float64Array.from(params), examples, everything);
        expectClose(
          await trainer.predict(params, examples),
          referenceOutputs(spec, Float64Array.from(params), examples),
          1e-5,
        );
        const { loss, gradient } = await trainer.lossGradient(params, examples);
        expect(loss).to.be.closeTo(reference.loss, 1e-5);
        expectClose(gradient, reference.gradient, 1e-5);
        expect((await trainer.evaluate(params, examples)).loss).to.be.closeTo(reference.loss, 1e-5);
      });

      it("takes the steps of gradient descent on its batches, the smaller last one too", async () => {
        const trainer = trainerOf(model);
        const params = trainer.initialParams(2);
        const trained = await trainer.train({ params, examples, plan: PLAN, seed: SEED });
        expect(trained.steps).to.equal(9);
        expectClose(trained.params, referenceTrained(spec, params, examples, PLAN), 1e-5);
      });
    });
  }
}
