import * as tf from "@tensorflow/tfjs";
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { Tensor } from "onnxruntime-node";
import { exportTfjs } from "../../../node/training/formats/exportTfjs.ts";
import type { FileModel } from "../../../node/training/formats/fileModel.ts";
import { importKeras } from "../../../node/training/formats/keras/importModel.ts";
import { importOnnx } from "../../../node/training/formats/onnx/importModel.ts";
import type { NamedFile } from "../../../node/training/formats/tfjs/layersFile.ts";
import type { Model } from "../../../node/training/models/model.ts";
import { initialParams, parameterCount, tensorSlots } from "../../../node/training/models/model.ts";
import { zooModel, zooSchema } from "../../../node/training/models/zooSpec.ts";
import {
  kerasCnn,
  normals,
  sklearnLogisticRegression,
  sklearnPerceptron,
  torchAttention,
  torchCnn,
  torchLstm,
  torchPerceptron,
} from "./exporters.ts";
import { floats, longs, node, type OnnxFile, value, writeOnnx } from "./onnxWriter.ts";
import { floatTensor, largestDifference, runModel, runOnnx } from "./runModel.ts";
import { opened, predictions, saved, unsettle, useTfjs } from "./tfjsModels.ts";

const COUNT = 3;
const PROVENANCE = { round: 12, job: "0xab on 31337", modelId: "0xcd" };

const open = ([json, weights]: readonly NamedFile[]): Promise<tf.LayersModel> => opened(json!.bytes, weights!.bytes);

/** The same numbers for both engines. */
function someInput({ type, shape }: Model["graph"]["inputs"][number]): readonly [Tensor, tf.Tensor] {
  const dims = [COUNT, ...(shape.slice(1) as number[])];
  const length = dims.reduce((product, size) => product * size);
  if (type === "float32") {
    const values = normals(length, 99, 1);
    return [floatTensor(values, dims), tf.tensor(values, dims)];
  }
  const numbers = Int32Array.from({ length }, (_, i) => (7 * i) % 5);
  const feed =
    type === "int64"
      ? new Tensor("int64", BigInt64Array.from(numbers, BigInt), dims)
      : new Tensor("int32", numbers, dims);
  return [feed, tf.tensor(numbers, dims, "int32")];
}

const ZOO = [
  { kind: "softmax-regression", inputs: 5, classes: 3 },
  { kind: "linear-regression", inputs: 5 },
  { kind: "mlp", inputs: 5, hidden: [4, 3], classes: 3, dropout: 0.5 },
  { kind: "cnn", image: [8, 8, 2], filters: [3, 4], hidden: [5], classes: 3 },
  { kind: "tagger", form: "window", buckets: 9, features: 4, hidden: 5, classes: 3 },
  { kind: "tagger", form: "bilstm", buckets: 9, features: 2, length: 4, hidden: 3, classes: 3 },
  { kind: "char-lm", vocabulary: 7, length: 4, hidden: 3 },
].map((spec) => zooSchema.parse(spec));

const ml = { domain: "ai.onnx.ml" };

/** What exporters write around convolutions: uneven padding, groups, averages, whole images. */
function convolutions(): OnnxFile {
  return {
    operatorSets: { "": 17 },
    nodes: [
      node("Conv", "x w1 b1", "c1", { pads: { ints: [1, 0, 2, 1] }, strides: { ints: [2, 1] } }),
      node("LeakyRelu", "c1", "r1", { alpha: { float: 0.2 } }),
      node("Conv", "r1 w2", "c2", { auto_pad: { text: "SAME_UPPER" }, group: { int: 3 } }),
      node("Clip", "c2 zero six", "r2"),
      node("AveragePool", "r2", "p", { kernel_shape: { ints: [2, 2] }, strides: { ints: [1, 1] } }),
      node("GlobalAveragePool", "p", "g"),
      node("Flatten", "g", "f"),
      node("MatMul", "f w3", "y"),
    ],
    initialisers: [
      floats("w1", [3, 2, 3, 3], normals(54, 1)),
      floats("b1", [3], normals(3, 2)),
      floats("w2", [6, 1, 3, 2], normals(36, 3)),
      floats("zero", [], [0]),
      floats("six", [], [6]),
      floats("w3", [6, 4], normals(24, 4)),
    ],
    inputs: [value("x", ["n", 2, 7, 6])],
    outputs: [value("y", ["n", 4])],
  };
}

const FILES: Readonly<Record<string, OnnxFile>> = {
  "PyTorch's perceptron": torchPerceptron(),
  "PyTorch's convolutions": torchCnn(),
  "Keras's convolutions": kerasCnn(),
  "PyTorch's LSTM": torchLstm(),
  "other convolutions": convolutions(),
};

async function refusal(model: Model, origin?: FileModel["origin"]): Promise<string> {
  try {
    exportTfjs(model, initialParams(model, 1), PROVENANCE, origin);
  } catch (error) {
    return (error as Error).message;
  }
  return "none";
}

describe("an exported model.json", () => {
  before(useTfjs);

  for (const spec of ZOO) {
    it(`of the zoo's ${spec.kind}${"form" in spec ? ` (${spec.form})` : ""} predicts in plain tfjs what the model does`, async () => {
      const model = zooModel(spec);
      const params = normals(parameterCount(model), 3);
      const [feed, same] = someInput(model.graph.inputs[0]!);
      const found = predictions(await open(exportTfjs(model, params, PROVENANCE)), [same]);
      expect(largestDifference(found, await runModel(model, [feed], params))).to.be.below(2e-4);
      expect(new Set(found)).to.have.property("size").above(1);
    });
  }

  for (const [what, file] of Object.entries(FILES)) {
    it(`of ${what} predicts in plain tfjs what the file did`, async () => {
      const original = writeOnnx(file);
      const { model, origin } = importOnnx(original);
      const [feed, same] = someInput(model.graph.inputs[0]!);
      const exported = exportTfjs(model, initialParams(model, 1), PROVENANCE, origin);
      const found = predictions(await open(exported), [same]);
      const expected = await runOnnx(original, { [file.inputs[0]!.name]: feed });
      expect(largestDifference(found, expected)).to.be.below(2e-4);
    });
  }

  it("of scikit-learn's classifier of two tells the probability of yes", async () => {
    const file = sklearnPerceptron(2);
    const { model, origin } = importOnnx(writeOnnx(file));
    const [feed, same] = someInput(model.graph.inputs[0]!);
    const found = predictions(await open(exportTfjs(model, initialParams(model, 1), PROVENANCE, origin)), [same]);
    const logits = await runModel(model, [feed]);
    expect(
      largestDifference(
        found,
        logits.map((z) => 1 / (1 + Math.exp(-z))),
      ),
    ).to.be.below(1e-4);
  });

  it("of a model.json has its own layers back, with the params that were trained", async () => {
    const { layers } = tf;
    const original = unsettle(
      tf.sequential({
        layers: [
          layers.conv2d({ inputShape: [6, 6, 2], filters: 3, kernelSize: 3, name: "fixed", trainable: false }),
          layers.batchNormalization(),
          layers.flatten(),
          layers.dense({ units: 4, activation: "softmax" }),
        ],
      }),
      50,
    );
    const { json, weights } = await saved(original);
    const { model, origin } = importKeras(json, [weights]);
    const [, same] = someInput(model.graph.inputs[0]!);
    const unchanged = exportTfjs(model, initialParams(model, 1), PROVENANCE, origin);
    expect(unchanged[1]?.bytes).to.deep.equal(weights);
    const topologies = [json, unchanged[0]!.bytes].map(
      (bytes) => (JSON.parse(new TextDecoder().decode(bytes)) as tf.io.ModelJSON).modelTopology,
    );
    expect(topologies[1]).to.deep.equal(topologies[0]);

    const trained = initialParams(model, 1).map((each) => each * 1.5);
    const expected = tf.tidy(() => {
      const frozen = new Set(["fixed/kernel", "fixed/bias"]);
      original.setWeights(
        original.getWeights().map((weight, i) => (frozen.has(original.weights[i]!.name) ? weight : weight.mul(1.5))),
      );
      return predictions(original, [same]);
    });
    const found = predictions(await open(exportTfjs(model, trained, PROVENANCE, origin)), [same]);
    expect(largestDifference(found, expected)).to.be.below(1e-4);
  });

  it("has 0 for a running variance that the rounding of many peers has put below 0", async () => {
    const { layers } = tf;
    const net = tf.sequential({ layers: [layers.batchNormalization({ inputShape: [3] }), layers.dense({ units: 2 })] });
    const { json, weights } = await saved(unsettle(net, 70));
    for (const { model, origin } of [importKeras(json, [weights]), importOnnx(writeOnnx(torchCnn()))]) {
      const { offset } = tensorSlots(model.tensors).find(({ name }) => /var/.test(name))!;
      const [below, zero] = [-0.002, 0].map((variance) =>
        exportTfjs(model, initialParams(model, 1).with(offset + 1, variance), PROVENANCE, origin),
      );
      expect(below![1]?.bytes).to.deep.equal(zero![1]?.bytes);
      const [, same] = someInput(model.graph.inputs[0]!);
      expect(predictions(await open(below!), [same]).every(Number.isFinite)).to.equal(true);
    }
  });

  it("says which round of which job it is, and where its weights are", () => {
    const model = zooModel(ZOO[0]!);
    const [json, weights] = exportTfjs(model, initialParams(model, 1), PROVENANCE);
    expect([json?.name, weights?.name]).to.deep.equal(["model.json", "weights.bin"]);
    const read = JSON.parse(new TextDecoder().decode(json!.bytes)) as tf.io.ModelJSON;
    expect(read.userDefinedMetadata).to.deep.equal({
      producer: "paceline",
      round: "12",
      job: "0xab on 31337",
      modelId: "0xcd",
    });
    expect(read.weightsManifest[0]?.paths).to.deep.equal(["weights.bin"]);
  });

  it("names the node that no layer can do", async () => {
    const scaled = importOnnx(writeOnnx(sklearnLogisticRegression(3)));
    expect(await refusal(scaled.model, scaled.origin)).to.match(/cannot be written as TensorFlow.js layers: Sub/);
    const attention = importOnnx(writeOnnx(torchAttention()));
    expect(await refusal(attention.model)).to.match(/4 nodes read x, and only chains of layers/);
    const pair = zooModel(zooSchema.parse({ kind: "matrix-factorisation", users: 6, items: 5, rank: 3 }));
    expect(await refusal(pair)).to.match(/2 nodes read pair/);
    const texts = zooModel(zooSchema.parse({ kind: "text-classifier", buckets: 9, length: 4, classes: 3 }));
    expect(await refusal(texts)).to.match(/2 nodes read ngrams/);
  });

  it("does not guess a padding that Keras does not have", async () => {
    const file: OnnxFile = {
      operatorSets: { "": 17, "ai.onnx.ml": 1 },
      nodes: [
        node("Conv", "x w", "c", {}, { name: "/conv" }),
        node("MaxPool", "c", "p", { kernel_shape: { ints: [2, 2] }, pads: { ints: [1, 1, 0, 0] } }, { name: "/pool" }),
        node("ReduceMean", "p", "y", { axes: { ints: [2, 3] }, keepdims: { int: 0 } }),
        node("ZipMap", "y", "unused", {}, ml),
      ],
      initialisers: [floats("w", [3, 2, 3, 3], normals(54, 1)), longs("unused_axes", [1])],
      inputs: [value("x", ["n", 2, 7, 6])],
      outputs: [value("y", ["n", 3])],
    };
    const { model } = importOnnx(writeOnnx(file));
    expect(await refusal(model)).to.match(/MaxPool "\/pool": its windows are not Keras's/);
  });
});
