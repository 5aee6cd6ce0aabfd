import * as tf from "@tensorflow/tfjs";
import { expect } from "chai";
import { describe, it } from "mocha";
import { seededRandom } from "../../../node/core/random.ts";
import { importKeras } from "../../../node/training/formats/keras/importModel.ts";
import { importOnnx } from "../../../node/training/formats/onnx/importModel.ts";
import { initialParams, type Model, tensorSlots } from "../../../node/training/models/model.ts";
import { OnnxTrainer } from "../../../node/training/onnxTrainer.ts";
import type { Examples } from "../../../node/training/trainer.ts";
import {
  kerasCnn,
  normals,
  sklearnLinearRegression,
  sklearnLogisticRegression,
  sklearnPerceptron,
  torchAttention,
  torchCnn,
  torchLstm,
  torchPerceptron,
} from "./exporters.ts";
import { writeOnnx } from "./onnxWriter.ts";
import { saved } from "./tfjsModels.ts";

const COUNT = 24;

/** Targets that the first numbers of each example decide, so that there is something to learn. */
function someExamples({ graph, exampleInputs, targets }: Model): Examples {
  const random = seededRandom(31);
  const inputs = graph.inputs.slice(0, exampleInputs).map(({ type, shape }, i) => {
    const own = shape.slice(1) as number[];
    const length = COUNT * own.reduce((product, size) => product * size, 1);
    const values = type === "float32" ? normals(length, 60 + i, 1) : Int32Array.from({ length }, () => random.below(9));
    return { shape: own, values };
  });
  const each = targets.shape.reduce((product, size) => product * size, 1);
  const first = inputs[0]!;
  const stride = first.values.length / COUNT;
  const deciding = Array.from({ length: COUNT * each }, (_, i) => first.values[Math.floor(i / each) * stride]!);
  const values =
    targets.type === "float32"
      ? Float32Array.from(deciding)
      : Int32Array.from(deciding, (value) => (value > 0.3 ? targets.classes - 1 : 0));
  return { count: COUNT, inputs, targets: { shape: targets.shape, values }, classes: targets.classes };
}

const FILES = {
  "PyTorch's perceptron": torchPerceptron(),
  "PyTorch's convolutions": torchCnn(),
  "PyTorch's LSTM": torchLstm(),
  "an attention head": torchAttention(),
  "Keras's convolutions": kerasCnn(),
  "scikit-learn's logistic regression": sklearnLogisticRegression(2),
  "scikit-learn's linear regression": sklearnLinearRegression(),
  "scikit-learn's perceptron": sklearnPerceptron(2),
};

const { layers } = tf;
const LAYERS: Readonly<Record<string, () => tf.LayersModel>> = {
  "convolutions of tfjs": () =>
    tf.sequential({
      layers: [
        layers.conv2d({ inputShape: [8, 8, 1], filters: 4, kernelSize: 3, padding: "same", activation: "relu" }),
        layers.batchNormalization(),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.dropout({ rate: 0.1 }),
        layers.depthwiseConv2d({ kernelSize: 3, activation: "tanh" }),
        layers.flatten(),
        layers.dense({ units: 3, activation: "softmax" }),
      ],
    }),
  "an LSTM as tfjs has it": () =>
    tf.sequential({
      layers: [
        layers.embedding({ inputDim: 9, outputDim: 4, inputLength: 5 }),
        layers.bidirectional({ layer: layers.lstm({ units: 3 }) as tf.RNN, mergeMode: "concat" }),
        layers.dense({ units: 1, activation: "sigmoid" }),
      ],
    }),
};

async function learns(model: Model): Promise<void> {
  const trainer = new OnnxTrainer(model);
  const examples = someExamples(model);
  const params = initialParams(model, 1);
  const before = await trainer.evaluate(params, examples);
  const plan = {
    length: { localEpochs: 40 },
    batchSize: 8,
    optimiser: { kind: "adam" },
    learningRate: 0.02,
  } as const;
  const trained = await trainer.train({ params, examples, plan, seed: [4, 2] });
  const after = await trainer.evaluate(trained.params, examples);
  await trainer.close();
  expect(after.loss).to.be.below(0.8 * before.loss!);
  for (const { name, offset, length } of tensorSlots(model.tensors)) {
    // what a bias adds to all keys alike, a softmax takes out again
    if (name === "k.bias") continue;
    const moved = trained.params.subarray(offset, offset + length).some((value, i) => value !== params[offset + i]);
    expect(moved, name).to.equal(true);
  }
}

describe("a model from a file", () => {
  for (const [what, file] of Object.entries(FILES))
    it(`is trained as it is, every tensor of it: ${what}`, () => learns(importOnnx(writeOnnx(file)).model));

  for (const [what, make] of Object.entries(LAYERS))
    it(`is trained as it is, every tensor of it: ${what}`, async () => {
      await tf.setBackend("cpu");
      const { json, weights } = await saved(make());
      await learns(importKeras(json, [weights]).model);
    });
});
