import { expect } from "chai";
import { describe, it } from "mocha";
import { addDims, divideDims, multiplyDims } from "../../../node/training/graph/dims.ts";
import { importOnnx } from "../../../node/training/formats/onnx/importModel.ts";
import { floats, longs, node, type OnnxNode, value, writeOnnx } from "../formats/onnxWriter.ts";
import { codeOf } from "../../helpers/errors.ts";

describe("sizes that are known only when a graph runs", () => {
  it("multiply, divide and add up as far as one can without knowing them", () => {
    expect(multiplyDims([3, "batch", 4])).to.equal("12*batch");
    expect(multiplyDims(["5*steps", "2*batch"])).to.equal("10*batch*steps");
    expect(divideDims("12*batch", 4)).to.equal("3*batch");
    expect(divideDims("12*batch", "3*batch")).to.equal(4);
    expect(divideDims("12*batch", 5)).to.equal(undefined);
    expect(divideDims("12*batch", "steps")).to.equal(undefined);
    expect(addDims([3, 4, 9])).to.equal(16);
    expect(addDims(["2*batch", "2*batch", "2*batch"])).to.equal("6*batch");
    expect(addDims(["batch", "steps"])).not.to.equal(addDims(["batch", "batch"]));
  });

  /** x [n, 4] · w, to which something is added that `nodes` make of x. */
  const withSizes = (nodes: readonly OnnxNode[], last: string): Uint8Array =>
    writeOnnx({
      operatorSets: { "": 17 },
      nodes: [...nodes, node("MatMul", "x w", "p"), node("Add", ["p", last], "y")],
      inputs: [value("x", ["n", 4])],
      outputs: [value("y", ["n", 3])],
      initialisers: [floats("w", [4, 3], new Array<number>(12).fill(0.5)), longs("first", [0], [])],
    });

  it("are refused where a file's graph squares one again and again, or adds sizes up to ever longer sums", () => {
    const times = Array.from({ length: 60 }, (_, i) => node("Mul", `m${i} m${i}`, `m${i + 1}`));
    const squared = [node("Shape", "x", "s"), node("Gather", "s first", "m0"), ...times];
    expect(
      codeOf(() => importOnnx(withSizes([...squared, node("Cast", "m60", "f", { to: { int: 1 } })], "f"))),
    ).to.equal("unsupported");
    const axis = { axis: { int: 0 } };
    const joined = Array.from({ length: 60 }, (_, i) => node("Concat", `c${i} c${i + 1}`, `c${i + 2}`, axis));
    const fibonacci = [node("Identity", "x", "c0"), node("Concat", "x x", "c1", axis), ...joined];
    expect(codeOf(() => importOnnx(withSizes([...fibonacci, node("ReduceMean", "c61", "r")], "r")))).to.equal(
      "unsupported",
    );
  });
});
