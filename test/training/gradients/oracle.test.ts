import { expect } from "chai";
import { describe, it } from "mocha";
import { int } from "../../../node/training/graph/graph.ts";
import { type Case, NORMAL, operatorCase } from "./operatorCase.ts";
import { expectDifferencesAgree, expectSameGradient } from "./oracle.ts";
import { differences, tfjsGradient } from "./references.ts";

/** x² of two looked-up rows, plus a product: nothing that bends sharply. */
function smoothCase(): Case {
  return operatorCase((builder) => {
    const x = builder.example("x", "float32", [4, 3]);
    const table = builder.param("table", [3, 4], NORMAL);
    const { graph } = builder;
    const columns = graph.node("Gather", [table, graph.ints([2, -1, 0, 2])], { axis: int(1) });
    const product = graph.node("MatMul", [x, columns]);
    return graph.node("Mul", [product, graph.node("Sigmoid", [product])]);
  });
}

describe("The oracle of gradients", () => {
  it("takes tfjs's gradient and differences for the same, repeated look-ups on an inner axis included", async () => {
    const { model, params, examples } = smoothCase();
    const gradient = await tfjsGradient(model, params, examples);
    const found = await differences(model, params, examples, 100);
    expect(found.length).to.equal(12);
    expectDifferencesAgree(gradient, found);
    // column 1 is never looked up
    expect([1, 5, 9].map((param) => gradient.gradient[param])).to.deep.equal([0, 0, 0]);
  });

  it("finds a gradient that is off by a thousandth, or of one param only", async () => {
    const { model, params, examples } = smoothCase();
    const right = await tfjsGradient(model, params, examples);
    const found = await differences(model, params, examples, 100);
    const largest = right.gradient.indexOf(right.gradient.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)));
    const off = { ...right, gradient: right.gradient.map((value) => value * 1.001) };
    const oneOff = { ...right, gradient: right.gradient.map((value, i) => (i === largest ? value * 1.001 : value)) };
    for (const wrong of [off, oneOff]) {
      expect(() => expectDifferencesAgree(wrong, found)).to.throw("differences say");
      expect(() => expectSameGradient(model, wrong, right)).to.throw("gradient of table");
    }
    expect(() => expectSameGradient(model, { ...right, loss: right.loss * 1.001 }, right)).to.throw("loss");
  });

  it("does not take a gradient of nothing for a proof", async () => {
    const { model, params, examples } = smoothCase();
    const nothing = { loss: 1, gradient: new Float32Array(params.length) };
    expect(() => expectDifferencesAgree(nothing, [])).to.throw("well above rounding");
    expect(model.tensors.length).to.equal(1);
    expect(examples.count).to.equal(3);
  });
});
