import { expect } from "chai";
import { describe, it } from "mocha";
import type { Examples, LocalPlan } from "../../../node/training/trainer.ts";
import { rejectionOf } from "../../helpers/errors.ts";
import { randomExamples } from "../../training/gradients/operatorCase.ts";
import { linearModel } from "./linearReference.ts";
import { embeddingModel, examplesOf, LOSSES, PLAN, SEED, TAGS, type TrainerOf } from "./trials.ts";

export function describeRefusals(trainerOf: TrainerOf): void {
  describe("refuses", () => {
    const model = linearModel(TAGS);
    const examples = examplesOf(model);
    const [input, { shape, values }] = [examples.inputs[0]!, examples.targets];
    const bad: Readonly<Record<string, Examples>> = {
      "no examples": { ...examples, count: 0 },
      "fewer values than examples": { ...examples, count: 11 },
      "inputs of another shape": { ...examples, inputs: [{ ...input, shape: [4, 5] }] },
      "inputs of another type": { ...examples, inputs: [{ ...input, values: new Int32Array(200) }] },
      "an input too many": { ...examples, inputs: [input, input] },
      "a class that the model does not know": {
        ...examples,
        targets: { shape, values: values.map((_, i) => i % 4) },
      },
      "a class below the padding's": { ...examples, targets: { shape, values: values.map(() => -2) } },
    };

    for (const [what, given] of Object.entries(bad)) {
      it(what, async () => {
        const trainer = trainerOf(model);
        const params = trainer.initialParams(1);
        expect(await rejectionOf(trainer.train({ params, examples: given, plan: PLAN, seed: SEED }))).to.equal(
          "bad-argument",
        );
        expect(await rejectionOf(trainer.lossGradient(params, given))).to.equal("bad-argument");
        expect(await rejectionOf(trainer.evaluate(params, given))).to.equal("bad-argument");
      });
    }

    it("params of another model", async () => {
      const trainer = trainerOf(model);
      const params = new Float32Array(trainer.parameterCount + 1);
      expect(await rejectionOf(trainer.train({ params, examples, plan: PLAN, seed: SEED }))).to.equal("bad-argument");
      expect(await rejectionOf(trainer.lossGradient(params, examples))).to.equal("bad-argument");
      expect(await rejectionOf(trainer.predict(params, examples))).to.equal("bad-argument");
    });

    it("a gradient of nothing but padding, and trains on it without a change", async () => {
      const trainer = trainerOf(model);
      const params = trainer.initialParams(1);
      const padding = { ...examples, targets: { shape, values: values.map(() => -1) } };
      expect(await rejectionOf(trainer.lossGradient(params, padding))).to.equal("bad-argument");
      const trained = await trainer.train({ params, examples: padding, plan: PLAN, seed: SEED });
      expect(trained.params).to.deep.equal(params);
    });

    it("plans that are out of range", async () => {
      const trainer = trainerOf(model);
      const params = trainer.initialParams(1);
      const plans: LocalPlan[] = [
        ...[0, -1, 1.5, NaN].map((batchSize) => ({ ...PLAN, batchSize })),
        ...[0, -0.1, 1001, NaN].map((learningRate) => ({ ...PLAN, learningRate })),
        ...[0, 2.5, NaN].map((localEpochs) => ({ ...PLAN, length: { localEpochs } })),
        { ...PLAN, length: { localSteps: 0 } },
      ];
      for (const plan of plans)
        expect(await rejectionOf(trainer.train({ params, examples, plan, seed: SEED })), JSON.stringify(plan)).to.equal(
          "bad-argument",
        );
    });

    it("what diverges, and numbers to look up that are not in the table", async () => {
      const squares = linearModel(LOSSES["squared error"]!);
      const trainer = trainerOf(squares);
      const plan = { ...PLAN, length: { localEpochs: 50 }, learningRate: 1000 };
      const diverging = trainer.train({
        params: trainer.initialParams(1),
        examples: examplesOf(squares),
        plan,
        seed: SEED,
      });
      expect(await rejectionOf(diverging)).to.equal("diverged");
      const lookingUp = trainerOf(embeddingModel());
      const stray = {
        ...randomExamples(embeddingModel(), 3),
        inputs: [{ shape: [2], values: Int32Array.of(0, 1, 2, 3, 4, 5) }],
      };
      expect(await rejectionOf(lookingUp.predict(lookingUp.initialParams(1), stray))).to.equal("bad-input");
      expect(
        await rejectionOf(
          lookingUp.train({ params: lookingUp.initialParams(1), examples: stray, plan: PLAN, seed: SEED }),
        ),
      ).to.equal("bad-input");
    });

    it("everything after close()", async () => {
      const trainer = trainerOf(model);
      const params = trainer.initialParams(1);
      await trainer.predict(params, examples);
      await trainer.close();
      await trainer.close();
      expect(await rejectionOf(trainer.train({ params, examples, plan: PLAN, seed: SEED }))).to.equal("closed");
      expect(await rejectionOf(trainer.predict(params, examples))).to.equal("closed");
      expect(await rejectionOf(trainer.evaluate(params, examples))).to.equal("closed");
      expect(await rejectionOf(trainer.lossGradient(params, examples))).to.equal("closed");
    });
  });
}
