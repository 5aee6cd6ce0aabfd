import { expect } from "chai";
import { describe, it } from "mocha";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { seededRandom } from "../../../node/core/random.ts";
import { exportOnnx } from "../../../node/training/formats/exportOnnx.ts";
import { decodeModel } from "../../../node/training/formats/onnx/decode.ts";
import { importOnnx } from "../../../node/training/formats/onnx/importModel.ts";
import { initialParams, parameterCount, tensorSlots } from "../../../node/training/models/model.ts";
import { zooModel, zooSchema } from "../../../node/training/models/zooSpec.ts";
import { codeOf } from "../../helpers/errors.ts";
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
import { floatTensor, largestDifference, runModel, runOnnx } from "./runModel.ts";

const COUNT = 3;
const PROVENANCE = { round: 12, job: "0xab on 31337", modelId: "0xcd" };

function someInput(type: string, shape: readonly number[]): Tensor {
  const dims = [COUNT, ...shape];
  const length = dims.reduce((product, size) => product * size);
  if (type === "float32") return floatTensor(normals(length, 99, 1), dims);
  const random = seededRandom(98);
  const numbers = Array.from({ length }, () => random.below(5));
  return type === "int64"
    ? new Tensor("int64", BigInt64Array.from(numbers, BigInt), dims)
    : new Tensor("int32", Int32Array.from(numbers), dims);
}

const FILES = {
  "PyTorch's perceptron": torchPerceptron(),
  "PyTorch's convolutions": torchCnn(),
  "PyTorch's LSTM": torchLstm(),
  "an attention head": torchAttention(),
  "Keras's convolutions": kerasCnn(),
  "scikit-learn's linear regression": sklearnLinearRegression(),
};

const CLASSIFIERS = {
  "logistic regression over 2 classes": sklearnLogisticRegression(2),
  "logistic regression over 3 classes": sklearnLogisticRegression(3),
  "perceptron over 2 classes": sklearnPerceptron(2),
};

const ZOO = [
  { kind: "softmax-regression", inputs: 5, classes: 3 },
  { kind: "linear-regression", inputs: 5 },
  { kind: "mlp", inputs: 5, hidden: [4, 3], classes: 3, dropout: 0.5 },
  { kind: "cnn", image: [8, 8, 2], filters: [3], hidden: [5], classes: 3 },
  { kind: "text-classifier", buckets: 9, length: 4, classes: 3 },
  { kind: "tagger", form: "bilstm", buckets: 9, features: 2, length: 4, hidden: 3, classes: 3 },
  { kind: "char-lm", vocabulary: 7, length: 4, hidden: 3 },
  { kind: "matrix-factorisation", users: 6, items: 5, rank: 3 },
].map((spec) => zooSchema.parse(spec));

describe("an exported ONNX file", () => {
  for (const [what, file] of Object.entries(FILES)) {
    it(`of ${what}, unchanged, predicts under the same names what the original does`, async () => {
      const original = writeOnnx(file);
      const { model, origin } = importOnnx(original);
      const exported = exportOnnx(model, initialParams(model, 1), PROVENANCE, origin);
      const [input] = model.graph.inputs;
      const feeds = { [file.inputs[0]!.name]: someInput(input!.type, input!.shape.slice(1) as number[]) };
      const output = file.outputs[0]!.name;
      const [found, expected] = [await runOnnx(exported, feeds, output), await runOnnx(original, feeds, output)];
      expect(largestDifference(found, expected)).to.be.below(1e-4);
      const session = await InferenceSession.create(exported);
      expect(session.inputNames).to.deep.equal(file.inputs.map(({ name }) => name));
      expect(session.outputNames).to.deep.equal([output]);
      await session.release();
    });
  }

  for (const [what, file] of Object.entries(CLASSIFIERS)) {
    it(`of scikit-learn's ${what} tells the probability of each class`, async () => {
      const { model, origin } = importOnnx(writeOnnx(file));
      const exported = exportOnnx(model, initialParams(model, 1), PROVENANCE, origin);
      const x = someInput("float32", [4]);
      const found = await runOnnx(exported, { [file.inputs[0]!.name]: x }, "output_probability");
      const classes = model.targets.classes;
      expect(found).to.have.length(COUNT * classes);
      for (let row = 0; row < COUNT; row++) {
        const each = found.subarray(row * classes, (row + 1) * classes);
        expect(each.reduce((sum, probability) => sum + probability)).to.be.closeTo(1, 1e-5);
      }
    });
  }

  for (const spec of ZOO) {
    it(`of the zoo's ${spec.kind} predicts what the model does with those params`, async () => {
      const model = zooModel(spec);
      const params = normals(parameterCount(model), 3);
      const [input] = model.graph.inputs;
      const feed = someInput(input!.type, input!.shape.slice(1) as number[]);
      const exported = exportOnnx(model, params, PROVENANCE);
      const found = await runOnnx(exported, { [input!.name]: feed }, "outputs");
      const expected = await runModel(model, [feed], params);
      expect(largestDifference(found, expected)).to.be.below(1e-5);
      expect(new Set(found)).to.have.property("size").above(1);
    });
  }

  it("can be imported again: the params come back, tensor by tensor", () => {
    const { model, origin } = importOnnx(writeOnnx(torchCnn()));
    const params = normals(parameterCount(model), 8).map(Math.abs);
    const again = importOnnx(exportOnnx(model, params, PROVENANCE, origin));
    expect(again.model.tensors.map(({ name, role }) => [name, role])).to.deep.equal(
      model.tensors.map(({ name, role }) => [name, role]),
    );
    expect(initialParams(again.model, 1)).to.deep.equal(params);
    expect(again.origin).to.deep.equal(origin);
  });

  it("has 0 for a running variance that the rounding of many peers has put below 0", async () => {
    const original = writeOnnx(torchCnn());
    const { model, origin } = importOnnx(original);
    const params = initialParams(model, 1);
    const { offset } = tensorSlots(model.tensors).find(({ name }) => name === "bn.running_var")!;
    const [below, zero] = [-0.002, 0].map((variance) =>
      exportOnnx(model, params.with(offset + 1, variance), PROVENANCE, origin),
    );
    expect(below).to.deep.equal(zero);
    const found = await runOnnx(below!, { image: someInput("float32", [2, 6, 8]) });
    expect(found.every(Number.isFinite)).to.equal(true);
  });

  it("says which round of which job it is", () => {
    const model = zooModel({ kind: "softmax-regression", inputs: 5, classes: 3 });
    const { metadata } = decodeModel(exportOnnx(model, initialParams(model, 1), PROVENANCE));
    expect(metadata).to.deep.equal({ producer: "paceline", round: "12", job: "0xab on 31337", modelId: "0xcd" });
  });

  it("wants the model's number of params", () => {
    const model = zooModel({ kind: "softmax-regression", inputs: 5, classes: 3 });
    expect(codeOf(() => exportOnnx(model, new Float32Array(17), PROVENANCE))).to.equal("bad-argument");
  });
});
