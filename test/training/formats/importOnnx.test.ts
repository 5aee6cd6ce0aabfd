import { expect } from "chai";
import { describe, it } from "mocha";
import { Tensor } from "onnxruntime-node";
import { importOnnx } from "../../../node/training/formats/onnx/importModel.ts";
import { initialParams, parameterCount } from "../../../node/training/models/model.ts";
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
import { DOUBLE, type OnnxFile, writeOnnx, value } from "./onnxWriter.ts";
import { floatTensor, largestDifference, runModel, runOnnx, sigmoid, softmaxRows } from "./runModel.ts";

const COUNT = 3;

const someFloats = (...shape: readonly number[]): Tensor =>
  floatTensor(
    normals(
      [COUNT, ...shape].reduce((product, size) => product * size),
      99,
      1,
    ),
    [COUNT, ...shape],
  );

/** The file with its probabilities as a tensor: ONNX Runtime for JavaScript has no maps, and no texts are needed. */
function withoutLabels(file: OnnxFile): OnnxFile {
  const labels = new Set(["ZipMap", "ArgMax", "ArrayFeatureExtractor"]);
  return {
    ...file,
    nodes: file.nodes.filter(({ operator, outputs }) => !labels.has(operator) && outputs[0] !== "output_label"),
    initialisers: (file.initialisers ?? []).filter(({ name }) => name !== "classes" && name !== "shape_tensor"),
    outputs: [value("probabilities", undefined)],
  };
}

describe("an imported ONNX file", () => {
  it("of PyTorch's perceptron predicts what the file predicts", async () => {
    const file = writeOnnx(torchPerceptron());
    const { model } = importOnnx(file);
    const x = someFloats(5);
    expect(largestDifference(await runModel(model, [x]), await runOnnx(file, { x }))).to.be.below(1e-5);
    expect(model.tensors.map(({ name }) => name)).to.deep.equal(["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]);
    expect(model.tensors[0]?.shape).to.deep.equal([7, 5]);
    expect(model.loss.kind).to.equal("softmax-cross-entropy");
    expect(model.targets).to.deep.equal({ type: "int32", shape: [], classes: 3 });
  });

  it("begins with the file's parameters, whatever the seed", () => {
    const { model } = importOnnx(writeOnnx(torchPerceptron()));
    expect(parameterCount(model)).to.equal(35 + 7 + 21 + 3);
    expect(initialParams(model, 5).subarray(0, 35)).to.deep.equal(normals(35, 1));
    expect(initialParams(model, 6)).to.deep.equal(initialParams(model, 5));
  });

  it("takes any number of examples, though the file was exported for one", async () => {
    const { model } = importOnnx(writeOnnx(torchPerceptron(13, 1)));
    const x = someFloats(5);
    const expected = await runOnnx(writeOnnx(torchPerceptron(13, "n")), { x });
    expect(largestDifference(await runModel(model, [x]), expected)).to.be.below(1e-5);
  });

  it("takes a constant shape that was written for one example as meant for any number", async () => {
    const fixed = torchCnn();
    const reshape = fixed.nodes.findIndex(({ operator }) => operator === "Reshape");
    const constant = { ...fixed.nodes[reshape]!, inputs: ["p", "view"] };
    const view = { name: "view", dims: [2], dataType: 7, raw: new Uint8Array(BigInt64Array.of(1n, -1n).buffer) };
    const file: OnnxFile = {
      ...fixed,
      nodes: fixed.nodes.with(reshape, constant),
      initialisers: [...fixed.initialisers!, view],
      inputs: [value("image", [1, 2, 6, 8])],
    };
    const image = someFloats(2, 6, 8);
    const logits = await runModel(importOnnx(writeOnnx(file)).model, [image]);
    const expected = await runModel(importOnnx(writeOnnx(fixed)).model, [image]);
    expect(largestDifference(logits, expected)).to.equal(0);
  });

  for (const operatorSet of [13, 14, 17, 21]) {
    it(`of PyTorch's convolutions in operator set ${operatorSet} leaves the softmax to the loss`, async () => {
      const file = writeOnnx(torchCnn(operatorSet));
      const { model, origin } = importOnnx(file);
      const image = someFloats(2, 6, 8);
      const logits = await runModel(model, [image]);
      const expected = await runOnnx(file, { image });
      expect(largestDifference(softmaxRows(logits, 3), expected.map(Math.exp))).to.be.below(1e-4);
      expect(origin).to.deep.include({ activation: "log-softmax", output: "log_probabilities" });
    });
  }

  it("follows running means and variances as statistics, and keeps dropout for training", () => {
    const { model } = importOnnx(writeOnnx(torchCnn()));
    const roles = Object.fromEntries(model.tensors.map(({ name, role }) => [name, role]));
    expect(roles).to.deep.equal({
      "conv.weight": "weight",
      "conv.bias": "weight",
      "bn.weight": "weight",
      "bn.bias": "weight",
      "bn.running_mean": "statistic",
      "bn.running_var": "statistic",
      "fc.weight": "weight",
      "fc.bias": "weight",
    });
    const dropout = model.graph.nodes.find(({ operator }) => operator === "Dropout");
    expect(dropout?.inputs).to.have.length(2);
  });

  it("of PyTorch's LSTM starts from zeros, and takes its tokens as they are", async () => {
    const file = writeOnnx(torchLstm());
    const { model } = importOnnx(file);
    const tokens = new Tensor(
      "int64",
      BigInt64Array.from({ length: COUNT * 6 }, (_, i) => BigInt((5 * i) % 11)),
      [COUNT, 6],
    );
    expect(largestDifference(await runModel(model, [tokens]), await runOnnx(file, { tokens }))).to.be.below(1e-5);
    const lstm = model.graph.nodes.find(({ operator }) => operator === "LSTM");
    expect(lstm?.inputs).to.have.length(4);
    expect(model.graph.inputs[0]).to.deep.include({ type: "int64", shape: ["batch", 6] });
  });

  it("of an attention head has its sizes worked out, its old forms renewed, and a bias of one number trained", async () => {
    const file = writeOnnx(torchAttention());
    const { model, origin } = importOnnx(file);
    const x = someFloats(4, 6);
    const logits = await runModel(model, [x]);
    expect(largestDifference(logits.map(sigmoid), await runOnnx(file, { x }))).to.be.below(1e-4);
    expect(origin.activation).to.equal("sigmoid");
    expect(model.loss.kind).to.equal("binary-cross-entropy");
    const names = model.tensors.map(({ name }) => name);
    expect(names).to.include("out.bias");
    expect(names).to.not.include("two");
    expect(names).to.not.include("eps");
    const operators = new Set(model.graph.nodes.map(({ operator }) => operator));
    expect([...operators].filter((each) => ["Shape", "Cast", "Concat", "Sqrt"].includes(each))).to.deep.equal(["Sqrt"]);
  });

  it("of Keras keeps its channels last at the border", async () => {
    const file = writeOnnx(kerasCnn());
    const { model } = importOnnx(file);
    const input = someFloats(6, 8, 1);
    const logits = await runModel(model, [input]);
    expect(largestDifference(softmaxRows(logits, 4), await runOnnx(file, { input_1: input }))).to.be.below(1e-4);
    expect(model.tensors.map(({ name }) => name)).to.include("sequential/conv2d/kernel:0");
  });

  for (const classes of [2, 3] as const) {
    it(`of scikit-learn's logistic regression over ${classes} classes trains its coefficients, not its scaling`, async () => {
      const file = sklearnLogisticRegression(classes);
      const { model } = importOnnx(writeOnnx(file));
      const input = someFloats(4);
      const logits = await runModel(model, [input]);
      const expected = await runOnnx(writeOnnx(withoutLabels(file)), { float_input: input });
      expect(largestDifference(softmaxRows(logits, classes), expected)).to.be.below(1e-4);
      expect(model.tensors.map(({ name, shape }) => [name, shape])).to.deep.equal([
        ["LinearClassifier.coefficients", [classes, 4]],
        ["LinearClassifier.intercepts", [classes]],
      ]);
      expect(model.targets).to.deep.equal({ type: "int32", shape: [], classes });
    });

    it(`of scikit-learn's perceptron over ${classes} classes leaves the label out`, async () => {
      const file = sklearnPerceptron(classes);
      const { model, origin } = importOnnx(writeOnnx(file));
      const x = someFloats(4);
      const doubles = new Tensor("float64", Float64Array.from(x.data as Float32Array), [COUNT, 4]);
      const logits = await runModel(model, [x]);
      const expected = await runOnnx(writeOnnx(withoutLabels(file)), { X: doubles });
      const found =
        classes === 2 ? [...logits].flatMap((z) => [sigmoid(-z), sigmoid(z)]) : softmaxRows(logits, classes);
      expect(largestDifference(found, expected)).to.be.below(1e-4);
      expect(origin.activation).to.equal(classes === 2 ? "sigmoid-pair" : "softmax");
      expect(model.tensors.map(({ name }) => name)).to.deep.equal([
        "coefficient",
        "intercepts",
        "coefficient1",
        "intercepts1",
      ]);
      expect(model.targets.classes).to.equal(classes);
    });
  }

  it("of scikit-learn's linear regression tells numbers", async () => {
    const file = writeOnnx(sklearnLinearRegression());
    const { model } = importOnnx(file);
    const x = someFloats(3);
    expect(largestDifference(await runModel(model, [x]), await runOnnx(file, { X: x }))).to.be.below(1e-5);
    expect(model.loss.kind).to.equal("mean-squared-error");
    expect(model.targets).to.deep.equal({ type: "float32", shape: [], classes: 0 });
  });

  it("takes an input of doubles as float32", () => {
    const file = { ...sklearnLinearRegression(), inputs: [value("X", [null, 3], DOUBLE)] };
    expect(importOnnx(writeOnnx(file)).model.graph.inputs[0]?.type).to.equal("float32");
  });
});
