import { expect } from "chai";
import { describe, it } from "mocha";
import { PacelineError } from "../../../node/core/errors.ts";
import { type ImportOptions, importOnnx } from "../../../node/training/formats/onnx/importModel.ts";
import {
  normals,
  sklearnLogisticRegression,
  sklearnPerceptron,
  torchAttention,
  torchCnn,
  torchLstm,
  torchPerceptron,
} from "./exporters.ts";
import { type OnnxFile, type OnnxNode, floats, longs, node, value, writeOnnx } from "./onnxWriter.ts";

function refusal(file: OnnxFile, options?: ImportOptions): string {
  try {
    importOnnx(writeOnnx(file), options);
  } catch (error) {
    if (error instanceof PacelineError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "none";
}

const withNode = (file: OnnxFile, operator: string, changed: Partial<OnnxNode>): OnnxFile => ({
  ...file,
  nodes: file.nodes.map((each) => (each.operator === operator ? { ...each, ...changed } : each)),
});

/** x [n, 4] · w [4, 3], and what comes behind it. */
const behindProduct = (nodes: readonly OnnxNode[], more: Partial<OnnxFile> = {}): OnnxFile => ({
  operatorSets: { "": 17 },
  nodes: [node("MatMul", "x w", "p"), ...nodes],
  inputs: [value("x", ["n", 4])],
  outputs: [value("y", ["n", 3])],
  ...more,
  initialisers: [floats("w", [4, 3], normals(12, 1)), ...(more.initialisers ?? [])],
});

describe("the importer of ONNX files", () => {
  it("names an operator that it does not know, and the node", () => {
    const file = withNode(torchPerceptron(), "Relu", { operator: "Einsum" });
    expect(refusal(file)).to.match(/^unsupported: node "\/act\/Relu" \(Einsum\): .*Einsum is not supported/);
  });

  it("names a node by its output where it has no name", () => {
    expect(refusal(behindProduct([node("If", "p", "y", { then_branch: { graph: true } })]))).to.match(
      /^unsupported: node "y" \(If\): the attribute "then_branch"/,
    );
  });

  it("names the domain of an operator that is not ONNX's", () => {
    const file = withNode(torchPerceptron(), "Relu", { operator: "FastGelu", domain: "com.microsoft" });
    expect(refusal(file)).to.match(/^unsupported: node .*com\.microsoft\.FastGelu.*com\.microsoft is not supported/);
  });

  it("does not mind what the trained output does not depend on", () => {
    const file = torchPerceptron();
    const nodes = [...file.nodes, node("Einsum", "x", "unused", {}, { domain: "com.microsoft" })];
    expect(refusal({ ...file, nodes, operatorSets: { "": 17, "com.microsoft": 1 } })).to.equal("none");
  });

  for (const operatorSet of [7, 12, 22])
    it(`says which operator sets are supported: not ${operatorSet}`, () => {
      const message = refusal(torchCnn(operatorSet));
      expect(message).to.match(new RegExp(`^unsupported: .*operator set ${operatorSet}; sets 13 to 21`));
    });

  it("asks which output is meant where there are several", () => {
    const file = { ...torchLstm(), outputs: [value("logits", ["batch", 5]), value("last", ["batch", 4])] };
    expect(refusal(file)).to.match(/^bad-input: .*several outputs of numbers, "logits", "last"/);
    expect(refusal(file, { output: "last" })).to.equal("none");
    expect(refusal(file, { output: "probabilities" })).to.match(/no output "probabilities": it has "logits", "last"/);
  });

  it("holds the loss against the final activation", () => {
    expect(refusal(torchCnn(), { loss: "binary-cross-entropy" })).to.match(
      /ends in a log-softmax, which fits the loss softmax-cross-entropy, not binary-cross-entropy/,
    );
    expect(refusal(torchAttention(), { loss: "softmax-cross-entropy" })).to.match(/ends in a sigmoid/);
    const { model, origin } = importOnnx(writeOnnx(torchAttention()), { loss: "mean-squared-error" });
    expect(origin.activation).to.equal("none");
    expect(model.graph.nodes.some(({ operator }) => operator === "Sigmoid")).to.equal(true);
  });

  it("wants two outputs or more for classes", () => {
    const file = behindProduct([node("ReduceSum", "p axis", "y")], {
      initialisers: [longs("axis", [1])],
      outputs: [value("y", ["n", 1])],
    });
    expect(refusal(file, { loss: "softmax-cross-entropy" })).to.match(/two outputs or more an example, not 1/);
  });

  it("wants the classes on the last axis", () => {
    const file = behindProduct([node("Unsqueeze", "p axis", "u"), node("Softmax", "u", "y", { axis: { int: 1 } })], {
      initialisers: [longs("axis", [2])],
      outputs: [value("y", ["n", 3, 1])],
    });
    expect(refusal(file)).to.match(/the classes of the output "y" must be on the last axis, not on axis 1/);
  });

  it("asks for sizes that the file leaves open, and takes them", () => {
    const file = { ...torchLstm(), inputs: [value("tokens", ["batch", "sequence"], 7)] };
    expect(refusal(file)).to.match(/axis 1 \("sequence"\) of the model's input "tokens" is open/);
    const { model } = importOnnx(writeOnnx(file), { inputShapes: { tokens: [9] } });
    expect(model.graph.inputs[0]?.shape).to.deep.equal(["batch", 9]);
  });

  it("wants an output for each example", () => {
    const file = behindProduct([node("ReduceMean", "p", "y", { axes: { ints: [0] } })]);
    expect(refusal(file)).to.match(/^unsupported: .*shape \[1, 3\].*with the examples as its first axis/);
  });

  it("freezes what it is told to, and knows when there is no such thing", () => {
    const { model } = importOnnx(writeOnnx(torchPerceptron()), { frozen: ["fc1.weight", "fc1.bias"] });
    expect(model.tensors.map(({ name }) => name)).to.deep.equal(["fc2.weight", "fc2.bias"]);
    expect(refusal(torchPerceptron(), { frozen: ["fc9.weight"] })).to.match(/frozen names "fc9.weight"/);
    const all = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"];
    expect(refusal(torchPerceptron(), { frozen: all })).to.match(/no parameters that are trained/);
  });

  it("does not train what shifts and scales the examples", () => {
    const file: OnnxFile = {
      operatorSets: { "": 17 },
      nodes: [
        node("Sub", "x mean", "shifted"),
        node("Div", "shifted deviation", "scaled"),
        node("MatMul", "scaled w", "p"),
        node("Sub", "p threshold", "y"),
      ],
      initialisers: [
        floats("mean", [4], [1, 2, 3, 4]),
        floats("deviation", [4], [2, 2, 3, 3]),
        floats("w", [4, 3], normals(12, 1)),
        floats("threshold", [3], [0.1, 0.2, 0.3]),
      ],
      inputs: [value("x", ["n", 4])],
      outputs: [value("y", ["n", 3])],
    };
    const { model } = importOnnx(writeOnnx(file));
    expect(model.tensors.map(({ name }) => name)).to.deep.equal(["w", "threshold"]);
  });

  it("refuses weights that are not finite, naming them", () => {
    const file = torchPerceptron();
    const initialisers = file.initialisers!.with(1, floats("fc1.bias", [7], [0, 1, NaN, 3, 4, 5, 6]));
    expect(refusal({ ...file, initialisers })).to.match(/"fc1.bias" has values that are no finite numbers/);
  });

  it("refuses a value that nothing makes, and one that is made twice", () => {
    expect(refusal(withNode(torchPerceptron(), "Relu", { inputs: ["elsewhere"] }))).to.match(
      /"elsewhere" is used before it is made/,
    );
    const file = torchPerceptron();
    expect(refusal({ ...file, nodes: [...file.nodes, node("Relu", "x", "y")] })).to.match(
      /"y", which is there already/,
    );
  });

  it("refuses shapes that do not fit, naming the node and both shapes", () => {
    const file = torchPerceptron();
    expect(refusal({ ...file, inputs: [value("x", ["n", 6])] })).to.match(
      /node "\/fc1\/Gemm" \(Gemm\): .*\[batch, 6\] times \[7, 5\]/,
    );
  });

  it("refuses texts as examples", () => {
    expect(refusal({ ...torchPerceptron(), inputs: [value("x", ["n", 5], 8)] })).to.match(/"x" is of string/);
  });

  it("refuses initial states other than zeros, and sequences that end early", () => {
    const file = torchLstm();
    const lstm = file.nodes.find(({ operator }) => operator === "LSTM")!;
    const states = floats("h0", [1, 1, 4], [0, 0, 0.5, 0]);
    const withInputs = (inputs: readonly string[]): OnnxFile => ({
      ...withNode(file, "LSTM", { inputs }),
      initialisers: [...file.initialisers!, states, longs("lengths", [6, 6, 5])],
    });
    expect(refusal(withInputs(lstm.inputs.with(5, "h0")))).to.match(/initial state other than zeros/);
    expect(refusal(withInputs(lstm.inputs.with(4, "lengths")))).to.match(/end before the last step/);
  });

  it("refuses one class against the rest", () => {
    const file = sklearnLogisticRegression(3);
    const classifier = file.nodes.find(({ operator }) => operator === "LinearClassifier")!;
    const attributes = { ...classifier.attributes, post_transform: { text: "LOGISTIC" } };
    expect(refusal(withNode(file, "LinearClassifier", { attributes }))).to.match(/one class against the rest/);
  });

  it("takes names that every object has for names like any other", () => {
    for (const name of ["constructor", "toString", "hasOwnProperty", "__proto__"]) {
      const file: OnnxFile = {
        operatorSets: { "": 17 },
        nodes: [node("MatMul", [name, "w"], "p"), node("Add", "p valueOf", "y")],
        initialisers: [floats("w", [4, 3], normals(12, 1)), floats("valueOf", [3], [1, 2, 3])],
        inputs: [value(name, ["n", 4])],
        outputs: [value("y", ["n", 3])],
      };
      const { model, origin } = importOnnx(writeOnnx(file), { inputShapes: {} });
      expect(model.graph.inputs[0]?.shape, name).to.deep.equal(["batch", 4]);
      expect(origin.inputs).to.deep.equal([name]);
      expect(refusal({ ...file, inputs: [value(name, ["n", "m"])] })).to.match(/^bad-input: .*axis 1 \("m"\).*is open/);
      const operator = behindProduct([node(name, "p w", "y")]);
      expect(refusal(operator)).to.match(/^unsupported: node "y" \(.*\): .*is not supported/);
    }
  });

  it("takes an attribute of any name for what it is", () => {
    const axis = node("Softmax", "p", "s", { ["__proto__"]: { int: 7 } });
    expect(refusal(behindProduct([axis, node("Relu", "s", "y")]))).to.equal("none");
  });

  it("refuses more nodes than training can be prepared for, and says why", () => {
    const chain = (count: number): OnnxFile =>
      behindProduct(
        Array.from({ length: count }, (_, i) =>
          node("Relu", i === 0 ? "p" : `r${i}`, i === count - 1 ? "y" : `r${i + 1}`),
        ),
      );
    expect(refusal(chain(2999))).to.equal("none");
    expect(refusal(chain(3000))).to.match(
      /^bad-input: the ONNX file has more than 3000 nodes.*grows with their square/,
    );
  });

  it("counts the nodes that one of the file becomes", () => {
    const statistics = ["scale", "bias", "mean", "var"].map((name) => floats(name, [3], [0.5, 1, 2]));
    const normalise = Array.from({ length: 600 }, (_, i) =>
      node("BatchNormalization", `${i === 0 ? "p" : `b${i}`} scale bias mean var`, i === 599 ? "y" : `b${i + 1}`),
    );
    const file = behindProduct(normalise, { initialisers: statistics });
    expect(refusal(file)).to.equal("none");
    expect(refusal(file, { frozen: ["mean", "var"] })).to.match(/node "b\d+" .*more than 3000 nodes/);
  });

  it("refuses tensors that no machine holds, by their names", () => {
    // 4096 · 65536 are the 2^28 values that are allowed
    const expanded = (size: number): OnnxFile => ({
      operatorSets: { "": 17 },
      nodes: [
        node("MatMul", "x w", "p"),
        node("Expand", "p to", "huge"),
        node("ReduceMean", "huge", "y", { axes: { ints: [2] }, keepdims: { int: 0 } }),
      ],
      initialisers: [floats("w", [4, 3], normals(12, 1)), longs("to", [1, 4096, size])],
      inputs: [value("x", ["n", 4096, 4])],
      outputs: [value("y", undefined)],
    });
    const column = (size: number): OnnxFile => ({
      ...expanded(size),
      initialisers: [floats("w", [4, 1], normals(4, 1)), longs("to", [1, 4096, size])],
    });
    expect(refusal(column(65_536))).to.equal("none");
    expect(refusal(column(65_537))).to.match(
      /^bad-input: node "huge" \(Expand\): its output "huge" .*\[batch, 4096, 65537\].*268435456 values/,
    );
    const wide = behindProduct([node("Relu", "p", "y")], { inputs: [value("x", ["n", 2 ** 27, 4])] });
    expect(refusal(wide)).to.match(/^bad-input: the model's input "x" .*\[batch, 134217728, 4\]/);
  });

  it("refuses a normalisation by groups that do not fit, or that the operator set does not have", () => {
    const file = (operatorSet: number, groups: number, length: number): OnnxFile =>
      behindProduct([node("GroupNormalization", "p scale bias", "y", { num_groups: { int: groups } })], {
        operatorSets: { "": operatorSet },
        initialisers: ["scale", "bias"].map((name) => floats(name, [length], normals(length, 1))),
        outputs: [value("y", undefined)],
      });
    expect(refusal(file(21, 1, 3))).to.equal("none");
    expect(refusal(file(18, 1, 3))).to.match(/^bad-input: .*scale.*has the shape \[3\], not \[1\]/);
    expect(refusal(file(21, 1, 2))).to.match(/^bad-input: .*scale.*has the shape \[2\], not \[3\]/);
    expect(refusal(file(21, 2, 3))).to.match(/^bad-input: .*3 channels do not make 2 groups/);
    expect(refusal(file(17, 1, 1))).to.match(/^unsupported: .*set 17 has no GroupNormalization/);
  });

  it("refuses labels alone", () => {
    const file = sklearnPerceptron(3);
    expect(refusal({ ...file, outputs: file.outputs.slice(0, 1) })).to.match(
      /none of the model's outputs is of numbers/,
    );
  });
});
