import { expect } from "chai";
import type { LossSpec, Model } from "../../../node/training/models/model.ts";
import { ModelBuilder } from "../../../node/training/models/modelBuilder.ts";
import type { Examples, LocalPlan, Trainer } from "../../../node/training/trainer.ts";
import { randomExamples } from "../../training/gradients/operatorCase.ts";
import { linearModel, type LinearSpec } from "./linearReference.ts";

/** What the suite trains, and on what. */

/** Makes a trainer that is closed when the test ends. */
export type TrainerOf = (model: Model) => Trainer;

export const CROSS_ENTROPY: LossSpec = { kind: "softmax-cross-entropy" };
export const WEIGHTED: LossSpec = { kind: "softmax-cross-entropy", classWeights: [0.5, 3, 1.25] };
export const LINEAR: LinearSpec = { loss: CROSS_ENTROPY, inputs: 4, outputs: 3 };
export const TAGS: LinearSpec = { loss: CROSS_ENTROPY, steps: 5, inputs: 4, outputs: 3 };

export const LOSSES: Readonly<Record<string, LinearSpec>> = {
  "cross-entropy": LINEAR,
  "cross-entropy with class weights": { ...LINEAR, loss: WEIGHTED },
  "cross-entropy of sequences with padding": TAGS,
  "cross-entropy of sequences with padding and class weights": { ...TAGS, loss: WEIGHTED },
  "binary cross-entropy": { loss: { kind: "binary-cross-entropy" }, inputs: 4, outputs: 1 },
  "binary cross-entropy of several targets": { loss: { kind: "binary-cross-entropy" }, inputs: 4, outputs: 2 },
  "squared error": { loss: { kind: "mean-squared-error" }, inputs: 4, outputs: 2 },
};

export const PLAN: LocalPlan = {
  length: { localEpochs: 3 },
  batchSize: 4,
  optimiser: { kind: "sgd" },
  learningRate: 0.1,
};
export const SEED = [7, 3];

/** Two numbers 0 … 3 are looked up in a table. */
export function embeddingModel(): Model {
  const builder = new ModelBuilder();
  const numbers = builder.example("numbers", "int32", [2]);
  const rows = builder.graph.node("Gather", [builder.param("table", [4, 3], { kind: "normal", stddev: 1 }), numbers]);
  return builder.build(rows, { kind: "mean-squared-error" }, { type: "float32", shape: [2, 3], classes: 0 });
}

/** Examples with uneven targets, and padding in sequences. */
export function examplesOf(model: Model, count = 10): Examples {
  const examples = randomExamples(model, count);
  const { values } = examples.targets;
  if (model.targets.type === "int32" && model.loss.kind === "softmax-cross-entropy" && model.targets.shape.length > 0)
    for (let i = 0; i < values.length; i++) if (i % 5 > 2 - (i % 2)) values[i] = -1;
  return examples;
}

export interface Ready {
  readonly trainer: Trainer;
  readonly params: Float32Array;
  readonly examples: Examples;
}

export function linear(trainerOf: TrainerOf): Ready {
  const model = linearModel(LINEAR);
  const trainer = trainerOf(model);
  return { trainer, params: trainer.initialParams(2), examples: examplesOf(model) };
}

export function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(found.length).to.equal(expected.length);
  for (let i = 0; i < found.length; i++) {
    expect(found[i], `value ${i}`).to.be.closeTo(expected[i]!, tolerance * Math.max(1, Math.abs(expected[i]!)));
  }
}
