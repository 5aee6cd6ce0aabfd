import { expect } from "chai";
import { GraphBuilder } from "../../../node/training/graph/builder.ts";
import { type Value, ints } from "../../../node/training/graph/graph.ts";
import { NORMAL, operatorCase } from "../gradients/operatorCase.ts";
import { expectGradientsAgree } from "../gradients/oracle.ts";

describe("a Pad of some axes", () => {
  it("becomes one of all axes, wherever the axes are counted from", () => {
    const builder = new GraphBuilder("test");
    const x = builder.input("x", "float32", ["batch", 3, 4]);
    const fill = builder.floats([7], []);
    const padded = builder.node("Pad", [x, builder.ints([1, 2, 3, 4]), fill, builder.ints([-1, 1])]);
    const [data, pads, value, axes] = builder.build().nodes[0]!.inputs as [
      Value,
      { data: BigInt64Array },
      Value,
      Value?,
    ];
    expect(padded.shape).to.deep.equal(["batch", 9, 8]);
    expect([data, value, axes]).to.deep.equal([x, fill, undefined]);
    // before: nothing, 2, 1; behind: nothing, 4, 3
    expect(Array.from(pads.data, Number)).to.deep.equal([0, 2, 1, 0, 4, 3]);
  });

  it("may stand between transpositions, as behind a Slice on the way back", async () => {
    const { model, params, examples } = operatorCase((builder) => {
      const { graph } = builder;
      const rows = graph.node("MatMul", [
        builder.example("x", "float32", [4, 3]),
        builder.param("weight", [3, 5], NORMAL),
      ]);
      const stepsFirst = graph.node("Transpose", [rows], { perm: ints([1, 0, 2]) });
      const some = graph.node("Slice", [stepsFirst, graph.ints([1]), graph.ints([3]), graph.ints([0])]);
      return graph.node("Transpose", [some], { perm: ints([1, 0, 2]) });
    });
    await expectGradientsAgree(model, params, examples);
  });
});
