import { expect } from "chai";
import { tensorSlots } from "../../../node/training/models/model.ts";
import { OnnxTrainer } from "../../../node/training/onnxTrainer.ts";
import { TfjsTrainer } from "../../../node/training/tfjs/tfjsTrainer.ts";
import type { LocalPlan, Trainer } from "../../../node/training/trainer.ts";
import type { Case } from "./operatorCase.ts";

/** Of each tensor's largest change. */
const SAME_CHANGE = 1e-4;

/**
 * Holds what a few steps of training change against tfjs, in the mode that `lossGradient` does not see: dropouts drop, batches
 * normalise by their own statistics. Batches differ in size.
 */
export async function expectStepsAgree({ model, params, examples }: Case): Promise<void> {
  const plan: LocalPlan = {
    length: { localEpochs: 2 },
    batchSize: Math.ceil(examples.count / 2) + 1,
    optimiser: { kind: "sgd" },
    learningRate: 0.05,
  };
  const changesOf = async (trainer: Trainer): Promise<Float32Array> => {
    const trained = await trainer.train({ params, examples, plan, seed: [6, 1] });
    await trainer.close();
    return trained.params.map((value, i) => value - (params[i] as number));
  };
  const [found, expected] = [
    await changesOf(new OnnxTrainer(model)),
    await changesOf(new TfjsTrainer(model, { backend: "cpu" })),
  ];
  for (const { name, offset, length } of tensorSlots(model.tensors)) {
    const reference = expected.subarray(offset, offset + length);
    const largest = reference.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest, `the largest change of ${name}`).to.be.above(1e-3);
    found.subarray(offset, offset + length).forEach((value, i) => {
      expect(value, `change of ${name}, value ${i}`).to.be.closeTo(reference[i] as number, SAME_CHANGE * largest);
    });
  }
}
