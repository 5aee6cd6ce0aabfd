import { createHash } from "node:crypto";
import { expect } from "chai";
import { describe, it } from "mocha";
import { PacelineError } from "../../../node/core/errors.ts";
import {
  describeFileModel,
  type FileModelChoice,
  fileModelSchema,
  type FileModelSpec,
  modelFilesHash,
  openFileModel,
} from "../../../node/training/formats/fileModelSpec.ts";
import { sklearnLinearRegression, torchLstm, torchPerceptron } from "./exporters.ts";
import { kerasFiles, layer, sequential } from "./kerasFiles.ts";
import { writeOnnx } from "./onnxWriter.ts";

const PERCEPTRON = writeOnnx(torchPerceptron());
const dense = layer("Dense", { name: "dense", units: 2, activation: "sigmoid" });
const KERAS = kerasFiles(sequential([dense], [4]), [
  { name: "dense/kernel", shape: [4, 2] },
  { name: "dense/bias", shape: [2] },
]);

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof PacelineError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "none";
}

describe("the spec of a model in a file", () => {
  it("says the file's hash and its number of parameters", () => {
    const spec = describeFileModel({ kind: "onnx", file: "model.onnx" }, [PERCEPTRON]);
    const sha256 = `0x${createHash("sha256").update(PERCEPTRON).digest("hex")}`;
    expect(spec).to.deep.equal({ kind: "onnx", file: "model.onnx", sha256, parameters: 66 });
    expect(fileModelSchema.parse(spec)).to.deep.equal(spec);
    expect(openFileModel(spec, [PERCEPTRON]).model.tensors).to.have.length(4);
  });

  it("hashes a model.json and its weights behind each other", () => {
    const files = [KERAS.json, KERAS.weights];
    const spec = describeFileModel({ kind: "keras", file: "model.json", loss: "binary-cross-entropy" }, files);
    const sha256 = `0x${createHash("sha256").update(KERAS.json).update(KERAS.weights).digest("hex")}`;
    expect(spec).to.deep.include({ sha256, parameters: 10 });
    expect(openFileModel(spec, files).model.loss.kind).to.equal("binary-cross-entropy");
    expect(modelFilesHash([KERAS.weights, KERAS.json])).to.not.equal(sha256);
  });

  it("opens the model with what the job says of it", () => {
    const file = writeOnnx({
      ...torchPerceptron(),
      outputs: [...torchPerceptron().outputs, { name: "/act/Relu_output_0", dataType: 1, shape: ["n", 7] }],
    });
    const choice: FileModelChoice = {
      kind: "onnx",
      file: "model.onnx",
      output: "y",
      frozen: ["fc1.bias"],
      loss: "mean-squared-error",
    };
    const { model, origin } = openFileModel(describeFileModel(choice, [file]), [file]);
    expect(model.tensors.map(({ name }) => name)).to.deep.equal(["fc1.weight", "fc2.weight", "fc2.bias"]);
    expect(model.targets).to.deep.equal({ type: "float32", shape: [3], classes: 0 });
    expect(origin.output).to.equal("y");
    const open = writeOnnx({ ...torchLstm(), inputs: [{ name: "tokens", dataType: 7, shape: ["n", "t"] }] });
    const shaped: FileModelChoice = { kind: "onnx", file: "model.onnx", inputShapes: { tokens: [8] } };
    expect(describeFileModel(shaped, [open]).parameters).to.be.above(100);
  });

  it("refuses a file that was tampered with, whatever was changed", () => {
    const spec = describeFileModel({ kind: "onnx", file: "model.onnx" }, [PERCEPTRON]);
    for (const at of [3, 200, PERCEPTRON.length - 1]) {
      const tampered = PERCEPTRON.slice();
      tampered[at]! ^= 1;
      expect(refusal(() => openFileModel(spec, [tampered]))).to.match(
        /^bad-input: model.onnx is not the model file of this job, or was tampered with: its sha-256 is 0x/,
      );
    }
    const other = KERAS.weights.slice();
    other[5]! ^= 1;
    const keras = describeFileModel({ kind: "keras", file: "model.json" }, [KERAS.json, KERAS.weights]);
    expect(refusal(() => openFileModel(keras, [KERAS.json, other]))).to.match(/tampered with/);
  });

  it("refuses another number of parameters than the job's vectors have", () => {
    const spec = describeFileModel({ kind: "onnx", file: "model.onnx" }, [PERCEPTRON]);
    expect(refusal(() => openFileModel({ ...spec, parameters: 65 }, [PERCEPTRON]))).to.equal(
      "bad-input: the model in model.onnx has 66 parameters that are trained, the job says 65",
    );
  });

  it("names the file in what the importers say", () => {
    expect(refusal(() => describeFileModel({ kind: "onnx", file: "net.onnx" }, [KERAS.json]))).to.match(
      /^bad-input: net.onnx: the ONNX file is damaged/,
    );
    expect(refusal(() => describeFileModel({ kind: "keras", file: "model.json" }, [PERCEPTRON]))).to.match(
      /^bad-input: model.json: /,
    );
  });

  it("stays in the job's folder", () => {
    const spec = describeFileModel({ kind: "onnx", file: "model.onnx" }, [writeOnnx(sklearnLinearRegression())]);
    const withFile = (file: string): boolean =>
      fileModelSchema.safeParse({ ...spec, file } satisfies FileModelSpec).success;
    expect(["model.onnx", "my model 2.onnx"].map(withFile)).to.deep.equal([true, true]);
    expect(["../model.onnx", "/etc/passwd", "a/b.onnx", "a\\b.onnx", ".hidden", ""].some(withFile)).to.equal(false);
  });
});
