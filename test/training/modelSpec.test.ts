import { describe, it } from "mocha";
import { expect } from "chai";
import { PacelineError } from "../../node/core/errors.ts";
import {
  initialParams,
  parameterCount,
  parseModelSpec,
  tensorSlots,
  tensorSpecs,
} from "../../node/training/modelSpec.ts";

describe("model specs", () => {
  it("give the 784-200-200-10 perceptron its 199,210 parameters, weight before bias, layer by layer", () => {
    const spec = parseModelSpec({ kind: "perceptron", inputs: 784, hidden: [200, 200], classes: 10 });
    expect(parameterCount(spec)).to.equal(199_210);
    expect(tensorSpecs(spec).map(({ name, shape }) => [name, ...shape])).to.deep.equal([
      ["dense1.weight", 784, 200],
      ["dense1.bias", 200],
      ["dense2.weight", 200, 200],
      ["dense2.bias", 200],
      ["dense3.weight", 200, 10],
      ["dense3.bias", 10],
    ]);
  });

  it("lay the tensors end to end without a gap", () => {
    const slots = tensorSlots({ kind: "softmax-regression", inputs: 30, classes: 2 });
    expect(slots.map(({ offset, length }) => [offset, length])).to.deep.equal([
      [0, 60],
      [60, 2],
    ]);
  });

  it("are refused with the field's name when a size is out of bounds or a field is unknown", () => {
    const bad = [
      [{ kind: "perceptron", inputs: 784, hidden: [], classes: 10 }, /hidden/],
      [{ kind: "perceptron", inputs: 0, hidden: [3], classes: 10 }, /inputs/],
      [{ kind: "softmax-regression", inputs: 4, classes: 1 }, /classes/],
      [{ kind: "softmax-regression", inputs: 4, classes: 2, hidden: [3] }, /hidden/],
      [{ kind: "perceptron", inputs: 60_000, hidden: [60_000], classes: 10 }, /64000000/],
      [{ kind: "transformer", inputs: 4, classes: 2 }, /kind/],
    ] as const;
    for (const [spec, message] of bad) {
      expect(() => parseModelSpec(spec))
        .to.throw(PacelineError, message)
        .with.property("code", "bad-input");
    }
  });

  it("start from Glorot-uniform weights within ±√(6 / (in + out)), zero biases, and the same bytes for the same seed", () => {
    const spec = parseModelSpec({ kind: "perceptron", inputs: 50, hidden: [40], classes: 3 });
    const params = initialParams(spec, 7);
    expect(params).to.deep.equal(initialParams(spec, 7));
    expect(params).to.not.deep.equal(initialParams(spec, 8));
    const limit = Math.sqrt(6 / 90);
    const weights = params.subarray(0, 2000);
    expect(Math.max(...weights)).to.be.within(0.99 * limit, limit);
    expect(Math.min(...weights)).to.be.within(-limit, -0.99 * limit);
    const variance = weights.reduce((sum, w) => sum + w * w, 0) / 2000;
    expect(variance).to.be.closeTo((limit * limit) / 3, 0.05 * limit * limit);
    expect([...params.subarray(2000, 2040)].every((bias) => bias === 0)).to.equal(true);
  });
});
