import { describe, it } from "mocha";
import { expect } from "chai";
import { PacelineError } from "../../node/core/errors.ts";
import { initialParams, parameterCount, tensorSlots } from "../../node/training/models/model.ts";
import { zooModel, zooSchema } from "../../node/training/models/zooSpec.ts";

describe("models by name", () => {
  it("give the 784-200-200-10 perceptron its 199,210 parameters, weight before bias, layer by layer", () => {
    const model = zooModel({ kind: "mlp", inputs: 784, hidden: [200, 200], classes: 10 });
    expect(parameterCount(model)).to.equal(199_210);
    expect(model.tensors.map(({ name, shape }) => [name, ...shape])).to.deep.equal([
      ["dense1.weight", 784, 200],
      ["dense1.bias", 200],
      ["dense2.weight", 200, 200],
      ["dense2.bias", 200],
      ["dense3.weight", 200, 10],
      ["dense3.bias", 10],
    ]);
  });

  it("lay the tensors end to end without a gap", () => {
    const slots = tensorSlots(zooModel({ kind: "softmax-regression", inputs: 30, classes: 2 }).tensors);
    expect(slots.map(({ offset, length }) => [offset, length])).to.deep.equal([
      [0, 60],
      [60, 2],
    ]);
  });

  it("are refused with the field's name when a size is out of bounds or a field is unknown", () => {
    const bad = [
      [{ kind: "mlp", inputs: 784, hidden: [], classes: 10 }, "hidden"],
      [{ kind: "mlp", inputs: 0, hidden: [3], classes: 10 }, "inputs"],
      [{ kind: "softmax-regression", inputs: 4, classes: 1 }, "classes"],
      [{ kind: "softmax-regression", inputs: 4, classes: 2, hidden: [3] }, "hidden"],
      [{ kind: "transformer", inputs: 4, classes: 2 }, "kind"],
    ] as const;
    for (const [spec, field] of bad) {
      const issues = zooSchema.safeParse(spec).error?.issues ?? [];
      const named = issues.flatMap((issue) => [...issue.path, ...("keys" in issue ? issue.keys : [])]);
      expect(named).to.deep.equal([field]);
    }
  });

  it("are refused when they have more than 64 million parameters", () => {
    expect(() => zooModel({ kind: "mlp", inputs: 60_000, hidden: [60_000], classes: 10 }))
      .to.throw(PacelineError, /3600660010 parameters; at most 64000000/)
      .with.property("code", "bad-input");
  });

  it("start from Glorot-uniform weights within ±√(6 / (in + out)), zero biases, and the same bytes for the same seed", () => {
    const model = zooModel({ kind: "mlp", inputs: 50, hidden: [40], classes: 3 });
    const params = initialParams(model, 7);
    expect(params).to.deep.equal(initialParams(model, 7));
    expect(params).to.not.deep.equal(initialParams(model, 8));
    const limit = Math.sqrt(6 / 90);
    const weights = params.subarray(0, 2000);
    expect(Math.max(...weights)).to.be.within(0.99 * limit, limit);
    expect(Math.min(...weights)).to.be.within(-limit, -0.99 * limit);
    const variance = weights.reduce((sum, w) => sum + w * w, 0) / 2000;
    expect(variance).to.be.closeTo((limit * limit) / 3, 0.05 * limit * limit);
    expect([...params.subarray(2000, 2040)].every((bias) => bias === 0)).to.equal(true);
  });
});
