import * as tf from "@tensorflow/tfjs";
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { Tensor } from "onnxruntime-node";
import { importKeras } from "../../../node/training/formats/keras/importModel.ts";
import { normals } from "./exporters.ts";
import { floatTensor, largestDifference, runModel, sigmoid, softmaxRows } from "./runModel.ts";
import { predictions, saved, unsettle, useTfjs } from "./tfjsModels.ts";

const COUNT = 3;
const { layers } = tf;

interface Case {
  readonly what: string;
  readonly model: () => tf.LayersModel;
  /** Shape of one example, and how many different ids it has where it is of ids. */
  readonly inputs: readonly (readonly [shape: readonly number[], ids?: number])[];
}

const chain = (...parts: readonly tf.layers.Layer[]): tf.Sequential => tf.sequential({ layers: [...parts] });

/** One layer behind another that makes its input less even; no activation at the end, so that all its values show. */
const image = (what: string, layer: () => tf.layers.Layer): Case => ({
  what,
  model: () => chain(layers.prelu({ inputShape: [7, 6, 2] }), layer()),
  inputs: [[[7, 6, 2]]],
});

const steps = (what: string, layer: () => tf.layers.Layer): Case => ({
  what,
  model: () => chain(layers.prelu({ inputShape: [5, 4] }), layer()),
  inputs: [[[5, 4]]],
});

const row = (what: string, layer: () => tf.layers.Layer): Case => ({
  what,
  model: () => chain(layers.prelu({ inputShape: [6] }), layer()),
  inputs: [[[6]]],
});

const CASES: readonly Case[] = [
  row("a dense layer", () => layers.dense({ units: 3 })),
  row("a dense layer without a bias", () => layers.dense({ units: 3, useBias: false })),
  steps("a dense layer on steps", () => layers.dense({ units: 3 })),
  ...(["relu", "relu6", "elu", "selu", "softplus", "softsign", "tanh", "hardSigmoid", "swish", "mish"] as const).map(
    (activation) => row(`the activation ${activation}`, () => layers.activation({ activation })),
  ),
  row("ReLU with a bound", () => layers.reLU({ maxValue: 0.7 })),
  row("LeakyReLU", () => layers.leakyReLU({ alpha: 0.2 })),
  row("ELU", () => layers.elu({ alpha: 1 })),
  steps("PReLU", () => layers.prelu({})),
  steps("PReLU with a shared axis", () => layers.prelu({ sharedAxes: [1] })),
  image("a convolution", () => layers.conv2d({ filters: 3, kernelSize: [3, 2], activation: "relu" })),
  image("a convolution that keeps its size", () => layers.conv2d({ filters: 3, kernelSize: 4, padding: "same" })),
  image("a convolution by strides", () =>
    layers.conv2d({ filters: 3, kernelSize: 3, strides: [2, 3], padding: "same" }),
  ),
  image("a dilated convolution", () => layers.conv2d({ filters: 3, kernelSize: 3, dilationRate: 2 })),
  image("a depthwise convolution", () =>
    layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same" }),
  ),
  image("a separable convolution", () =>
    layers.separableConv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same" }),
  ),
  steps("a convolution over steps", () => layers.conv1d({ filters: 3, kernelSize: 3, padding: "same" })),
  image("max-pooling", () => layers.maxPooling2d({ poolSize: 2 })),
  image("max-pooling that pads", () => layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" })),
  image("average-pooling that pads", () => layers.averagePooling2d({ poolSize: 3, strides: 2, padding: "same" })),
  steps("max-pooling over steps", () => layers.maxPooling1d({ poolSize: 2 })),
  steps("average-pooling over steps", () => layers.averagePooling1d({ poolSize: 3, strides: 1 })),
  image("global averages", () => layers.globalAveragePooling2d({})),
  image("global maxima", () => layers.globalMaxPooling2d({})),
  steps("global averages over steps", () => layers.globalAveragePooling1d()),
  image("batch normalisation", () => layers.batchNormalization({})),
  row("batch normalisation of rows", () => layers.batchNormalization({ scale: false })),
  steps("batch normalisation without a centre", () => layers.batchNormalization({ center: false })),
  steps("layer normalisation", () => layers.layerNormalization({})),
  image("padding with zeros", () =>
    layers.zeroPadding2d({
      padding: [
        [1, 2],
        [3, 0],
      ] as unknown as [[number, number], [number, number]],
    }),
  ),
  image("cropping", () =>
    layers.cropping2D({
      cropping: [
        [1, 2],
        [0, 3],
      ],
    }),
  ),
  image("flattening", () => layers.flatten()),
  image("reshaping", () => layers.reshape({ targetShape: [14, -1] as unknown as number[] })),
  image("permuting", () => layers.permute({ dims: [3, 1, 2] })),
  row("repeating", () => layers.repeatVector({ n: 4 })),
  ...[true, false].flatMap((returnSequences) => [
    steps(`an LSTM as tfjs has it, ${returnSequences ? "all states" : "the last state"}`, () =>
      layers.lstm({ units: 3, returnSequences }),
    ),
    steps(`an LSTM with sigmoids, ${returnSequences ? "all states" : "the last state"}`, () =>
      layers.lstm({ units: 3, recurrentActivation: "sigmoid", returnSequences }),
    ),
    steps(`a GRU as tfjs has it, ${returnSequences ? "all states" : "the last state"}`, () =>
      layers.gru({ units: 3, returnSequences, resetAfter: false } as Parameters<typeof layers.gru>[0]),
    ),
    steps(`a GRU with sigmoids, ${returnSequences ? "all states" : "the last state"}`, () =>
      layers.gru({ units: 3, recurrentActivation: "sigmoid", returnSequences }),
    ),
  ]),
  steps("a simple recurrence", () => layers.simpleRNN({ units: 3 })),
  steps("a simple recurrence with another activation", () => layers.simpleRNN({ units: 3, activation: "relu" })),
  steps("an LSTM backwards", () =>
    layers.lstm({ units: 3, recurrentActivation: "sigmoid", goBackwards: true, returnSequences: true }),
  ),
  steps("an unrolled LSTM backwards", () => layers.lstm({ units: 3, goBackwards: true, useBias: false })),
  ...(["concat", "sum", "mul", "ave"] as const).flatMap((mergeMode) =>
    [true, false].map((returnSequences) =>
      steps(`both directions by ${mergeMode}, ${returnSequences ? "all states" : "the last states"}`, () =>
        layers.bidirectional({
          layer: layers.lstm({ units: 3, recurrentActivation: "sigmoid", returnSequences }) as tf.RNN,
          mergeMode,
        }),
      ),
    ),
  ),
  steps("both directions of a GRU", () =>
    layers.bidirectional({ layer: layers.gru({ units: 3, returnSequences: true }) as tf.RNN, mergeMode: "concat" }),
  ),
  steps("a dense layer step by step", () =>
    layers.timeDistributed({ layer: layers.dense({ units: 2, activation: "tanh" }) }),
  ),
  {
    what: "an embedding",
    model: () => chain(layers.embedding({ inputDim: 9, outputDim: 3, inputLength: 5 })),
    inputs: [[[5], 9]],
  },
  {
    what: "a stack of convolutions with normalisation, pooling and dropout",
    model: () =>
      chain(
        layers.conv2d({ inputShape: [8, 8, 1], filters: 4, kernelSize: 3, padding: "same" }),
        layers.batchNormalization(),
        layers.activation({ activation: "relu" }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.dropout({ rate: 0.5 }),
        layers.conv2d({ filters: 3, kernelSize: 3, activation: "elu" }),
        layers.flatten(),
        layers.dense({ units: 4 }),
      ),
    inputs: [[[8, 8, 1]]],
  },
  {
    what: "branches that add, multiply, average and concatenate images",
    model: () => {
      const input = tf.input({ shape: [6, 6, 2] });
      const convolve = (): tf.SymbolicTensor =>
        layers.conv2d({ filters: 2, kernelSize: 3, padding: "same" }).apply(input) as tf.SymbolicTensor;
      const [a, b, c] = [convolve(), convolve(), convolve()];
      const parts = [
        layers.add().apply([a, b, input]),
        layers.multiply().apply([a, c]),
        layers.average().apply([b, c]),
        layers.maximum().apply([a, c]),
        layers.minimum().apply([a, b]),
      ] as tf.SymbolicTensor[];
      const joined = layers.concatenate({ axis: -1 }).apply(parts) as tf.SymbolicTensor;
      return tf.model({ inputs: input, outputs: joined });
    },
    inputs: [[[6, 6, 2]]],
  },
  {
    what: "two inputs, one layer called twice, and a model in the model",
    model: () => {
      const [a, b] = [tf.input({ shape: [4] }), tf.input({ shape: [4] })];
      const shared = layers.dense({ units: 3, activation: "tanh" });
      const tower = tf.sequential({ layers: [layers.dense({ units: 5, inputShape: [3], activation: "relu" })] });
      const both = [a, b].map((each) => tower.apply(shared.apply(each)) as tf.SymbolicTensor);
      const joined = layers.concatenate().apply(both) as tf.SymbolicTensor;
      return tf.model({ inputs: [a, b], outputs: layers.dense({ units: 2 }).apply(joined) as tf.SymbolicTensor });
    },
    inputs: [[[4]], [[4]]],
  },
];

/** The same numbers for both engines. */
function someInput(shape: readonly number[], ids: number | undefined, seed: number): readonly [Tensor, tf.Tensor] {
  const dims = [COUNT, ...shape];
  const length = dims.reduce((product, size) => product * size);
  if (ids === undefined) {
    const values = normals(length, seed, 1);
    return [floatTensor(values, dims), tf.tensor(values, dims)];
  }
  const numbers = Int32Array.from({ length }, (_, i) => (7 * i + seed) % ids);
  return [new Tensor("int32", numbers, dims), tf.tensor(numbers, dims, "int32")];
}

describe("an imported model.json", () => {
  before(useTfjs);

  for (const { what, model: make, inputs } of CASES) {
    it(`predicts as tfjs does: ${what}`, async () => {
      const original = unsettle(make(), 50);
      const { json, weights } = await saved(original);
      const { model } = importKeras(json, [weights], { loss: "mean-squared-error" });
      const feeds = inputs.map(([shape, ids], i) => someInput(shape, ids, 70 + i));
      const found = await runModel(
        model,
        feeds.map(([feed]) => feed),
      );
      const expected = predictions(
        original,
        feeds.map(([, feed]) => feed),
      );
      expect(largestDifference(found, expected)).to.be.below(2e-4);
      expect(new Set(found)).to.have.property("size").above(1);
    });
  }

  // tfjs reads Keras's causal convolutions, but does not run them: the same kernel over steps that are padded by hand
  it("pads a causal convolution before the first step only", async () => {
    const valid = unsettle(chain(layers.conv1d({ inputShape: [7, 2], filters: 3, kernelSize: 3 })), 50);
    const { json, weights } = await saved(valid);
    const text = new TextDecoder()
      .decode(json)
      .replace('"padding":"valid"', '"padding":"causal"')
      .replace("[null,7,2]", "[null,5,2]");
    const { model } = importKeras(new TextEncoder().encode(text), [weights]);
    const [feed, same] = someInput([5, 2], undefined, 70);
    const padded = tf.pad(same, [
      [0, 0],
      [2, 0],
      [0, 0],
    ]);
    expect(largestDifference(await runModel(model, [feed]), predictions(valid, [padded]))).to.be.below(1e-4);
  });

  it("leaves a final softmax to the loss, and says what its targets are", async () => {
    const original = unsettle(chain(layers.dense({ inputShape: [6], units: 4, activation: "softmax" })), 50);
    const { json, weights } = await saved(original);
    const { model, origin } = importKeras(json, [weights]);
    const [feed, same] = someInput([6], undefined, 70);
    const logits = await runModel(model, [feed]);
    expect(largestDifference(softmaxRows(logits, 4), predictions(original, [same]))).to.be.below(1e-4);
    expect(model.loss.kind).to.equal("softmax-cross-entropy");
    expect(model.targets).to.deep.equal({ type: "int32", shape: [], classes: 4 });
    expect(origin.activation).to.equal("softmax");
  });

  it("leaves a final sigmoid layer to the loss", async () => {
    const original = unsettle(
      chain(layers.dense({ inputShape: [6], units: 1 }), layers.activation({ activation: "sigmoid" })),
      50,
    );
    const { json, weights } = await saved(original);
    const { model } = importKeras(json, [weights]);
    const [feed, same] = someInput([6], undefined, 70);
    const logits = await runModel(model, [feed]);
    expect(largestDifference(logits.map(sigmoid), predictions(original, [same]))).to.be.below(1e-4);
    expect(model.loss.kind).to.equal("binary-cross-entropy");
    expect(model.targets).to.deep.equal({ type: "int32", shape: [], classes: 2 });
  });

  it("tags every step where a softmax ends each", async () => {
    const tagger = chain(
      layers.embedding({ inputDim: 9, outputDim: 3, inputLength: 5 }),
      layers.timeDistributed({ layer: layers.dense({ units: 4, activation: "softmax" }) }),
    );
    const { json, weights } = await saved(unsettle(tagger, 50));
    const { model } = importKeras(json, [weights]);
    expect(model.graph.inputs[0]).to.deep.include({ type: "int32", shape: ["batch", 5] });
    expect(model.targets).to.deep.equal({ type: "int32", shape: [5], classes: 4 });
  });

  it("keeps names and layouts of the weights, knows statistics, and does not train what is frozen", async () => {
    const original = chain(
      layers.conv2d({ inputShape: [6, 6, 2], filters: 3, kernelSize: 3, name: "features", trainable: false }),
      layers.batchNormalization({ name: "norm" }),
      layers.batchNormalization({ name: "frozen", trainable: false }),
      layers.flatten(),
      layers.dense({ units: 2, name: "head" }),
    );
    const { json, weights } = await saved(unsettle(original, 50));
    const { model } = importKeras(json, [weights]);
    expect(model.tensors.map(({ name, shape, role }) => [name, shape, role])).to.deep.equal([
      ["norm/gamma", [3], "weight"],
      ["norm/beta", [3], "weight"],
      ["norm/moving_mean", [3], "statistic"],
      ["norm/moving_variance", [3], "statistic"],
      ["head/kernel", [48, 2], "weight"],
      ["head/bias", [2], "weight"],
    ]);
    expect(model.graph.nodes.filter(({ operator }) => operator === "BatchNormalization")).to.have.length(1);
  });

  it("keeps channels first between convolutions and poolings", async () => {
    const original = CASES.find(({ what }) => what.startsWith("a stack"))!.model();
    const { json, weights } = await saved(original);
    const { model } = importKeras(json, [weights]);
    const operators = model.graph.nodes.map(({ operator }) => operator).filter((each) => each !== "Identity");
    // one Transpose in, one out, and one for each kernel
    expect(operators.filter((each) => each === "Transpose")).to.have.length(4);
  });
});
