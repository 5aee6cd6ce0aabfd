import { expect } from "chai";
import { describe, it } from "mocha";
import { PacelineError } from "../../../node/core/errors.ts";
import { GraphBuilder } from "../../../node/training/graph/builder.ts";
import { DATA_TYPE, type Value, int } from "../../../node/training/graph/graph.ts";
import { ZEROS } from "../../../node/training/models/model.ts";
import { ModelBuilder } from "../../../node/training/models/modelBuilder.ts";
import { differentiate } from "../../../node/training/onnx/differentiate.ts";
import { dense } from "../../../node/training/onnx/gradient.ts";
import { Tape } from "../../../node/training/onnx/tape.ts";
import { OnnxTrainer } from "../../../node/training/onnxTrainer.ts";
import { gradientsAt, numbers } from "./tapeRun.ts";

describe("the differentiator", () => {
  it("adds up what comes back along both sides of a diamond", async () => {
    // y = (3x)·(x + 2), so y′ = 6x + 6
    const gradients = await gradientsAt([numbers(2, -5)], (tape, x) => {
      const left = tape.node("Mul", [x, tape.builder.floats([3], [])]);
      return tape.node("Mul", [left, tape.node("Add", [x, tape.builder.floats([2], [])])]);
    });
    expect(gradients).to.deep.equal([[18, 2 * -24]]);
  });

  it("counts a value as often as a node reads it", async () => {
    const gradients = await gradientsAt([numbers(2, -5)], (tape, x) => tape.node("Sum", [x, x, x]));
    expect(gradients).to.deep.equal([[3, 6]]);
  });

  it("goes through values that are made once and read by many", async () => {
    // y = s³ with s = x + x, so y′ = 2·3·(2x)²
    const gradients = await gradientsAt([numbers(0.5, 3)], (tape, x) => {
      const sum = tape.node("Add", [x, x]);
      return tape.node("Mul", [tape.node("Mul", [sum, sum]), sum]);
    });
    expect(gradients).to.deep.equal([[6, 2 * 6 * 36]]);
  });

  it("gives the result's own gradient, where that is what is asked for", async () => {
    expect(await gradientsAt([numbers(7, 8)], (_, x) => x)).to.deep.equal([[1, 2]]);
  });

  it("finds none for a value that the result does not depend on, nor where the way leads over integers", async () => {
    const gradients = await gradientsAt([numbers(2), numbers(3), numbers(2.5)], (tape, used, _, counted) => {
      const whole = tape.node("Cast", [counted], { to: int(DATA_TYPE.int64) });
      const back = tape.node("Cast", [whole], { to: int(DATA_TYPE.float32) });
      const compared = tape.node("Cast", [tape.node("Greater", [counted, used])], { to: int(DATA_TYPE.float32) });
      return tape.node("Mul", [tape.node("Mul", [used, back]), compared]);
    });
    expect(gradients).to.deep.equal([[2], undefined, undefined]);
  });

  it("takes the other way where one way leads over integers", async () => {
    const gradients = await gradientsAt([numbers(2.5, -1.5)], (tape, x) => {
      const whole = tape.node("Cast", [x], { to: int(DATA_TYPE.int32) });
      return tape.node("Mul", [x, tape.node("Cast", [whole], { to: int(DATA_TYPE.float32) })]);
    });
    expect(gradients).to.deep.equal([[2, 2 * -1]]);
  });

  it("adds nothing for what is not asked for", () => {
    const builder = new GraphBuilder("test");
    const tape = new Tape(builder);
    const [x, y] = ["x", "y"].map((name) => builder.input(name, "float32", [2])) as [Value, Value];
    const product = tape.node("Mul", [tape.node("Exp", [x]), y]);
    const before = builder.build().nodes.length;
    differentiate(tape, product, builder.floats([1, 1]), [y]);
    expect(
      builder
        .build()
        .nodes.slice(before)
        .map(({ operator }) => operator),
    ).to.deep.equal(["Mul"]);
  });

  it("asks a group of nodes for its gradient", async () => {
    const gradients = await gradientsAt([numbers(2, 3)], (tape, x) => {
      const { builder } = tape;
      const [cut] = tape.group("Backwards", [x], [builder.node("Neg", [x])], (backward, [at]) => [
        dense(backward.node("Mul", [at, backward.floats([10], [])])),
      ]);
      return tape.node("Mul", [cut, x]);
    });
    // x·(−x): −x once by itself, and 10·x through the group
    expect(gradients).to.deep.equal([[-2 + 20, 2 * (-3 + 30)]]);
  });

  it("names an operator that has no gradient, and its node", () => {
    const builder = new GraphBuilder("test");
    const tape = new Tape(builder);
    const x = builder.input("x", "float32", [2, 3]);
    const product = tape.node("ReduceProd", [x, builder.ints([1])], {}, "head/product");
    expect(() => differentiate(tape, product, product, [x]))
      .to.throw(PacelineError, /^node "head\/product": the operator ReduceProd has no gradient/)
      .with.property("code", "unsupported");
  });

  it("does without the gradient of an operator behind which there is nothing to train", async () => {
    const gradients = await gradientsAt([numbers(2, 3)], (tape, x) => {
      const fixed = tape.node("ReduceProd", [tape.builder.floats([4, 5])]);
      return tape.node("Mul", [x, fixed]);
    });
    expect(gradients).to.deep.equal([[20, 40]]);
  });

  it("names the node whose attributes it cannot go back over", () => {
    const builder = new GraphBuilder("test");
    const tape = new Tape(builder);
    const x = builder.input("x", "float32", [2, 3]);
    const mode = { kind: "string", value: "reflect" } as const;
    const framed = tape.node("Pad", [x, builder.ints([0, 1, 0, 1])], { mode }, "frame");
    expect(() => differentiate(tape, framed, framed, [x])).to.throw(PacelineError, /^node "frame": Pad has a gradient/);
  });
});

describe("a trainer", () => {
  it("gives the gradient 0 for params that the outputs do not depend on", async () => {
    const builder = new ModelBuilder();
    const x = builder.example("x", "float32", []);
    builder.param("unused", [2], ZEROS);
    const outputs = builder.graph.node("Mul", [x, builder.param("factor", [1], ZEROS)]);
    const model = builder.build(outputs, { kind: "mean-squared-error" }, { type: "float32", shape: [], classes: 0 });
    const trainer = new OnnxTrainer(model);
    const values = Float32Array.of(3, 4);
    const examples = {
      count: 2,
      inputs: [{ shape: [], values }],
      targets: { shape: [], values: Float32Array.of(1, -1) },
      classes: 0,
    };
    const { gradient } = await trainer.lossGradient(Float32Array.of(7, 8, 2), examples);
    await trainer.close();
    // the mean of 2·x·(2x − target)
    expect(Array.from(gradient)).to.deep.equal([0, 0, (2 * 3 * 5 + 2 * 4 * 9) / 2]);
  });
});
