import { expect } from "chai";
import { describe, it } from "mocha";
import { InferenceSession, type Tensor } from "onnxruntime-node";
import { type Attributes, int } from "../../../node/training/graph/graph.ts";
import { encodeModel } from "../../../node/training/graph/encode.ts";
import { GraphBuilder } from "../../../node/training/graph/builder.ts";
import { foldElementwise } from "../../../node/training/formats/onnx/folding/elementwise.ts";
import { STRUCTURE } from "../../../node/training/formats/onnx/folding/structure.ts";
import { type Known, dataOf, scalar, vector } from "../../../node/training/formats/onnx/known.ts";

const floatsOf = (...elements: readonly number[]): Known => ({ type: "float32", shape: [elements.length], elements });
const bools = (...elements: readonly number[]): Known => ({ type: "bool", shape: [elements.length], elements });

/** What ONNX Runtime makes of the same node. */
async function judged(operator: string, inputs: readonly Known[], attributes: Attributes): Promise<Known> {
  const builder = new GraphBuilder("fold");
  const values = inputs.map((known) => builder.constant(known.type, dataOf(known)!, known.shape));
  const type = ["Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "And", "Or", "Not"].includes(operator)
    ? ("bool" as const)
    : operator === "Where"
      ? inputs[1]!.type
      : inputs[0]!.type;
  const [made] = builder.typedNodes(operator, values, [{ type, shape: [] }], attributes);
  // the shape is what is asked for, so the output says none of it
  const graph = { ...builder.build(), outputs: [made!] };
  const session = await InferenceSession.create(encodeModel(graph), { logSeverityLevel: 4 });
  const [name = ""] = session.outputNames;
  const { data, dims } = (await session.run({}))[name] as Tensor;
  await session.release();
  return { type, shape: dims, elements: Array.from(data as ArrayLike<number | bigint | boolean>, Number) };
}

const CASES: readonly (readonly [operator: string, inputs: readonly Known[], attributes?: Attributes])[] = [
  ["Add", [vector([7, -3]), scalar(5)]],
  ["Sub", [vector([7, -3]), vector([2, 9])]],
  ["Mul", [vector([7, -3]), vector([-2, 9])]],
  ["Div", [vector([7, -7, 9, -1]), vector([2, 2, -4, 3])]],
  ["Div", [floatsOf(7, -7), floatsOf(2, 3)]],
  ["Mod", [vector([7, -7, 7, -7]), vector([3, 3, -3, -3])]],
  ["Pow", [floatsOf(3, 0.5), floatsOf(2, -2)]],
  ["Min", [vector([7, -3]), vector([2, 9])]],
  ["Max", [vector([7, -3]), vector([2, 9])]],
  ["Equal", [vector([4, -1, 3]), vector([4, 1, -3])]],
  ["Greater", [vector([4, -1, 3]), vector([4, 1, -3])]],
  ["Less", [vector([4, -1, 3]), vector([4, 1, -3])]],
  ["GreaterOrEqual", [vector([4, -1, 3]), vector([4, 1, -3])]],
  ["LessOrEqual", [vector([4, -1, 3]), vector([4, 1, -3])]],
  ["And", [bools(1, 1, 0, 0), bools(1, 0, 1, 0)]],
  ["Or", [bools(1, 1, 0, 0), bools(1, 0, 1, 0)]],
  ["Not", [bools(1, 0)]],
  ["Neg", [vector([4, -2])]],
  ["Abs", [vector([4, -2])]],
  ["Sqrt", [floatsOf(2, 9)]],
  ["Reciprocal", [floatsOf(3, -8)]],
  ["Floor", [floatsOf(2.5, -2.5)]],
  ["Ceil", [floatsOf(2.5, -2.5)]],
  ["Where", [bools(1, 0, 1), vector([3, 4, 5]), scalar(-1)]],
  ["Gather", [vector([3, 4, 5]), scalar(-1)]],
  ["Gather", [vector([3, 4, 5]), vector([2, 0])]],
  ["Concat", [vector([3, 4]), vector([5])], { axis: int(0) }],
  ["Slice", [vector([3, 4, 5, 6, 7]), vector([1]), vector([2 ** 62])]],
  ["Slice", [vector([3, 4, 5, 6, 7]), vector([-1]), vector([-100]), vector([0]), vector([-2])]],
  ["Slice", [vector([3, 4, 5, 6, 7]), vector([-3]), vector([-1]), vector([-1])]],
  ["Unsqueeze", [vector([3, 4]), vector([0, -1])]],
  ["Squeeze", [{ ...vector([3, 4]), shape: [1, 2, 1] }, vector([-1])]],
  ["Squeeze", [{ ...vector([3, 4]), shape: [1, 2, 1] }]],
  ["Reshape", [vector([3, 4, 5, 6]), vector([2, -1])]],
  ["Expand", [{ ...vector([3, 4]), shape: [2, 1] }, vector([3, 1, 2])]],
  ["Range", [scalar(2), scalar(11), scalar(3)]],
  ["Range", [scalar(2), scalar(-5), scalar(-3)]],
  ["ReduceProd", [vector([3, 4, 5])], { keepdims: int(0) }],
  ["Shape", [{ ...vector([3, 4, 5, 6]), shape: [2, 2] }]],
];

describe("the folding of constants", () => {
  for (const [operator, inputs, attributes = {}] of CASES)
    it(`does as ONNX Runtime: ${operator} of ${inputs.map(({ elements }) => `[${elements.join(", ")}]`).join(" and ")}`, async () => {
      const fold = STRUCTURE[operator];
      const folded = fold === undefined ? foldElementwise(operator, inputs) : fold(inputs, attributes);
      expect(folded).to.deep.equal(await judged(operator, inputs, attributes));
    });

  it("keeps the batch as a name, as far as it is known", () => {
    const named = vector(["batch", 3]);
    const times = (by: number): Known | undefined => foldElementwise("Mul", [named, scalar(by)]);
    expect(times(4)?.elements).to.deep.equal(["4*batch", 12]);
    expect(foldElementwise("Div", [times(4)!, scalar(2)])?.elements).to.deep.equal(["2*batch", 6]);
    expect(foldElementwise("Equal", [named, scalar(-1)])?.elements).to.deep.equal([0, 0]);
    expect(foldElementwise("Equal", [named, named])?.elements).to.deep.equal([1, 1]);
    expect(foldElementwise("Greater", [named, scalar(0)])?.elements).to.deep.equal([1, 1]);
  });

  it("does not guess what depends on the number of examples", () => {
    const named = vector(["batch", 3]);
    expect(foldElementwise("Equal", [named, scalar(3)])).to.equal(undefined);
    expect(foldElementwise("Add", [named, scalar(1)])).to.equal(undefined);
    expect(foldElementwise("Sqrt", [{ ...named, type: "float32" }])).to.equal(undefined);
    expect(STRUCTURE["Range"]?.([scalar(0), scalar("batch"), scalar(1)], {})).to.equal(undefined);
  });
});
