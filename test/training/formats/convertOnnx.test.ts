import { expect } from "chai";
import { describe, it } from "mocha";
import { Tensor } from "onnxruntime-node";
import { importOnnx, type ImportOptions } from "../../../node/training/formats/onnx/importModel.ts";
import { normals } from "./exporters.ts";
import {
  BOOL,
  FLOAT,
  FLOAT16,
  floats,
  longs,
  node,
  type OnnxFile,
  type OnnxNode,
  type OnnxTensor,
  value,
  writeOnnx,
} from "./onnxWriter.ts";
import { floatTensor, largestDifference, runModel, runOnnx } from "./runModel.ts";

const ml = { domain: "ai.onnx.ml" };
const COUNT = 3;

/** x [n, 4, 6] through `nodes` to y, held against ONNX Runtime on the file itself. */
async function same(
  nodes: readonly OnnxNode[],
  initialisers: readonly OnnxTensor[],
  {
    shape = [4, 6],
    operatorSet = 17,
    ...options
  }: ImportOptions & { readonly shape?: readonly number[]; readonly operatorSet?: number } = {},
): Promise<readonly string[]> {
  const file: OnnxFile = {
    operatorSets: { "": operatorSet, "ai.onnx.ml": 1 },
    nodes,
    initialisers,
    inputs: [value("x", ["n", ...shape])],
    outputs: [value("y", undefined)],
  };
  const bytes = writeOnnx(file);
  const { model } = importOnnx(bytes, { loss: "mean-squared-error", ...options });
  const dims = [COUNT, ...shape];
  const x = floatTensor(
    normals(
      dims.reduce((product, size) => product * size),
      77,
      1,
    ),
    dims,
  );
  expect(largestDifference(await runModel(model, [x]), await runOnnx(bytes, { x }))).to.be.below(1e-4);
  return model.graph.nodes.map(({ operator }) => operator);
}

const weight = floats("w", [6, 5], normals(30, 1));
const product = node("MatMul", "x w", "p");

describe("a node of an ONNX file", () => {
  it("reshapes to zeros, which keep a size, and to sizes of another value", async () => {
    await same(
      [
        product,
        node("Reshape", "p keep", "r"),
        node("Shape", "x", "s"),
        node("Slice", "s zero one", "n"),
        node("Concat", "n rest", "to", { axis: { int: 0 } }),
        node("Reshape", "r to", "y"),
      ],
      [weight, longs("keep", [0, 0, 5, 1]), longs("zero", [0]), longs("one", [1]), longs("rest", [5, -1])],
    );
  });

  it("has its shape in part, from either end", async () => {
    await same(
      [
        product,
        node("Shape", "p", "s", { start: { int: -2 } }),
        node("ReduceProd", "s", "size", { keepdims: { int: 1 } }),
        node("Concat", "open size", "to", { axis: { int: 0 } }),
        node("Reshape", "p to", "y"),
      ],
      [weight, longs("open", [-1])],
    );
  });

  it("expands to what it is, as PyTorch asks for by minus one", async () => {
    const operators = await same(
      [
        product,
        node("Shape", "p", "s"),
        node("Equal", "wanted minus", "keeps"),
        node("Where", "keeps s wanted", "to"),
        node("Expand", "p to", "y"),
      ],
      [weight, longs("wanted", [-1, -1, 5]), longs("minus", [-1, -1, -1])],
    );
    expect(operators).to.deep.equal(["MatMul", "Identity"]);
  });

  it("fills by a shape that is known", async () => {
    await same(
      [
        product,
        node("ConstantOfShape", "five", "ones", { value: { tensor: floats("", [1], [1.5]) } }),
        node("Mul", "p ones", "y"),
      ],
      [weight, longs("five", [4, 5])],
    );
  });

  it("is a constant by any of its attributes", async () => {
    await same(
      [
        node("Constant", [], "a", { value_floats: { floats: [1, 2, 3, 4, 5] } }),
        node("Constant", [], "b", { value_float: { float: -0.5 } }),
        node("Constant", [], "c", { value_ints: { ints: [1] } }),
        node("Constant", [], "d", { value_int: { int: 2 } }),
        product,
        node("Mul", "p a", "q"),
        node("Add", "q b", "r"),
        node("Unsqueeze", "r c", "u"),
        node("Gather", "u d", "y", { axis: { int: 2 } }),
      ],
      [weight],
    );
  });

  it("splits in even parts, and in those that it is told", async () => {
    for (const operatorSet of [13, 17])
      await same(
        [
          product,
          node("Split", "p sizes", "a b", { axis: { int: -1 } }),
          node("Split", "a", "c d", { axis: { int: 1 } }),
          node("Mul", "c d", "y"),
        ],
        [weight, longs("sizes", [3, 2])],
        { operatorSet },
      );
  });

  it("reduces by axes that older sets have as an attribute", async () => {
    for (const operator of ["ReduceMean", "ReduceMax", "ReduceL2"])
      await same([product, node(operator, "p", "y", { axes: { ints: [-1] }, keepdims: { int: 0 } })], [weight], {
        operatorSet: 15,
      });
  });

  it("casts to half floats and back as to float32", async () => {
    const half = (bits: readonly number[]): OnnxTensor => ({
      name: "h",
      dims: [5],
      dataType: FLOAT16,
      raw: new Uint8Array(Uint16Array.from(bits).buffer),
    });
    const operators = await same(
      [
        product,
        node("Cast", "p", "narrow", { to: { int: FLOAT16 } }),
        node("Mul", "narrow h", "scaled"),
        node("Cast", "scaled", "y", { to: { int: FLOAT } }),
      ],
      // 0, so that no rounding to half floats shows
      [weight, half([0, 0, 0, 0, 0])],
    );
    expect(operators).to.deep.equal(["MatMul", "Mul", "Identity"]);
  });

  it("picks by a mask of truth values", async () => {
    const mask: OnnxTensor = { name: "m", dims: [5], dataType: BOOL, raw: Uint8Array.of(1, 0, 1, 1, 0) };
    await same([product, node("Where", "m p low", "y")], [weight, mask, floats("low", [], [-9])]);
  });

  it("shares a weight that is read twice, once turned around", async () => {
    const file = [node("MatMul", "x w", "p"), node("Transpose", "w", "t"), node("MatMul", "p t", "y")];
    await same(file, [weight]);
    const bytes = writeOnnx({
      operatorSets: { "": 17 },
      nodes: file,
      initialisers: [weight],
      inputs: [value("x", ["n", 6])],
      outputs: [value("y", ["n", 6])],
    });
    expect(importOnnx(bytes).model.tensors.map(({ name, shape }) => [name, shape])).to.deep.equal([["w", [6, 5]]]);
  });

  it("of scikit-learn scales rows to length one, by either norm, and picks columns", async () => {
    for (const norm of ["L1", "L2"])
      await same(
        [
          node("ArrayFeatureExtractor", "x columns", "few", {}, ml),
          node("Normalizer", "few", "unit", { norm: { text: norm } }, ml),
          node("MatMul", "unit v", "y"),
        ],
        [longs("columns", [4, 0, 2]), floats("v", [3, 2], normals(6, 2))],
        { shape: [6] },
      );
  });

  it("normalises by statistics that are frozen as it does by those that are trained", async () => {
    const statistics = [
      floats("scale", [4], [0.8, 1.2, 0.5, 1.5]),
      floats("bias", [4], [0.1, -0.2, 0.3, 0]),
      floats("mean", [4], [0.2, -0.1, 0.4, 0.05]),
      floats("var", [4], [0.6, 1.4, 0.9, 2]),
    ];
    const nodes = [product, node("BatchNormalization", "p scale bias mean var", "y", { epsilon: { float: 1e-3 } })];
    expect(await same(nodes, [weight, ...statistics])).to.include("BatchNormalization");
    const frozen = await same(nodes, [weight, ...statistics], { frozen: ["mean", "var"] });
    expect(frozen).to.not.include("BatchNormalization");
  });

  it("normalises groups by a scale and a bias for each group in sets 18 to 20, for each channel in set 21", async () => {
    const perGroup = { scale: [2, -0.5], bias: [0.25, -3] };
    const perChannel = { scale: [2, 2, 2, -0.5, -0.5, -0.5], bias: [0.25, 0.25, 0.25, -3, -3, -3] };
    const x = normals(24, 5, 1);
    // groups of three channels with two values each
    const expected = Array.from({ length: 24 }, (_, at) => {
      const group = Math.floor(at / 6);
      const own = [...x.subarray(6 * group, 6 * group + 6)];
      const mean = own.reduce((sum, each) => sum + each, 0) / 6;
      const variance = own.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 6;
      const normal = (x[at]! - mean) / Math.sqrt(variance + 0.01);
      return normal * perGroup.scale[group % 2]! + perGroup.bias[group % 2]!;
    });
    for (const [operatorSet, { scale, bias }] of [
      [18, perGroup],
      [20, perGroup],
      [21, perChannel],
    ] as const) {
      const { model } = importOnnx(
        writeOnnx({
          operatorSets: { "": operatorSet },
          nodes: [node("GroupNormalization", "x s b", "y", { num_groups: { int: 2 }, epsilon: { float: 0.01 } })],
          initialisers: [floats("s", [scale.length], scale), floats("b", [bias.length], bias)],
          inputs: [value("x", ["n", 6, 2])],
          outputs: [value("y", ["n", 6, 2])],
        }),
        { loss: "mean-squared-error" },
      );
      expect(model.tensors.map(({ shape }) => shape)).to.deep.equal([[scale.length], [bias.length]]);
      const found = await runModel(model, [floatTensor(x, [2, 6, 2])]);
      expect(largestDifference(found, expected), `set ${operatorSet}`).to.be.below(1e-4);
    }
  });

  it("reads an integer input beside the one that is trained on", async () => {
    const bytes = writeOnnx({
      operatorSets: { "": 17 },
      nodes: [
        node("Gather", "table ids", "e"),
        node("Cast", "ids", "f", { to: { int: FLOAT } }),
        node("Unsqueeze", "f two", "u"),
        node("Add", "e u", "a"),
        node("MatMul", "a w", "y"),
      ],
      initialisers: [longs("two", [2]), floats("table", [9, 6], normals(54, 2)), weight],
      inputs: [value("ids", ["n", 1], 7)],
      outputs: [value("y", ["n", 1, 5])],
    });
    const { model } = importOnnx(bytes);
    const ids = new Tensor("int64", BigInt64Array.of(3n, 8n, 0n), [3, 1]);
    expect(largestDifference(await runModel(model, [ids]), await runOnnx(bytes, { ids }))).to.be.below(1e-5);
  });
});
