import { expect } from "chai";
import { describe, it } from "mocha";
import { modelSpecOf, optimiserOf, usualLearningRate } from "../../../node/cli/simulation/simulatedModel.ts";
import type { ExampleShape } from "../../../node/data/exampleShape.ts";
import { codeOf } from "../../helpers/errors.ts";

const shapeOf = (input: readonly number[], classes: number): ExampleShape => ({
  inputs: [{ type: "float32", shape: input }],
  targets: { type: classes === 0 ? "float32" : "int32", shape: [] },
  classes,
});
const ROWS = shapeOf([30], 2);
const IMAGES = shapeOf([28, 24, 3], 7);
const PRICES = shapeOf([12], 0);

describe("the model of a simulation without a job", () => {
  it("has the sizes of the data", () => {
    expect(modelSpecOf({ model: "mlp", hidden: [64, 8] }, IMAGES)).to.deep.equal({
      kind: "mlp",
      inputs: 2016,
      hidden: [64, 8],
      classes: 7,
    });
    expect(modelSpecOf({ model: "mlp", hidden: [5] }, PRICES)).to.include({ inputs: 12, classes: 0 });
    expect(modelSpecOf({ model: "cnn", hidden: [32] }, IMAGES)).to.deep.include({
      kind: "cnn",
      image: [28, 24, 3],
      hidden: [32],
      classes: 7,
    });
  });

  it("is a regression without hidden layers, by what is to be told", () => {
    expect(modelSpecOf({ model: "mlp", hidden: [] }, ROWS)).to.deep.equal({
      kind: "softmax-regression",
      inputs: 30,
      classes: 2,
    });
    expect(modelSpecOf({ model: "mlp", hidden: [] }, PRICES)).to.deep.equal({ kind: "linear-regression", inputs: 12 });
    expect(modelSpecOf({ model: "linear-regression", hidden: [64] }, PRICES).kind).to.equal("linear-regression");
  });

  it("is refused where it cannot learn such data", () => {
    for (const [model, shape] of [
      ["cnn", ROWS],
      ["cnn", shapeOf([28, 28, 1], 0)],
      ["linear-regression", ROWS],
      ["softmax-regression", PRICES],
    ] as const)
      expect(codeOf(() => modelSpecOf({ model, hidden: [4] }, shape))).to.equal("bad-input");
  });

  it("learns more slowly what is less steady, and with optimisers that scale their steps", () => {
    const mlp = modelSpecOf({ model: "mlp", hidden: [64] }, ROWS);
    const prices = modelSpecOf({ model: "mlp", hidden: [64] }, PRICES);
    const rates = [
      usualLearningRate(mlp, "sgd"),
      usualLearningRate(modelSpecOf({ model: "cnn", hidden: [64] }, IMAGES), "sgd"),
      usualLearningRate(mlp, "momentum"),
      usualLearningRate(prices, "sgd"),
      usualLearningRate(prices, "adam"),
    ];
    expect(rates).to.deep.equal([0.25, 0.05, 0.025, 0.01, 0.002]);
    expect(optimiserOf("momentum")).to.deep.equal({ kind: "momentum", momentum: 0.9 });
    expect(optimiserOf("adamw")).to.deep.equal({ kind: "adamw" });
  });
});
