import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { logSigmoid, logSoftmaxAt, negativeLogLikelihood } from "../../../node/training/metrics/logSoftmax.ts";
import { SEEDED } from "../../helpers/seeded.ts";

// Expected values: Python's math.log1p and math.exp.
const logits = fc.array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: 2, maxLength: 9 });

describe("the logarithm of a softmax", () => {
  it("neither overflows nor underflows", () => {
    const row = Float32Array.of(1000, 999, -1000);
    const expected = [-0.31326168751822286, -1.3132616875182228, -2000.3132616875182];
    expected.forEach((value, k) => expect(logSoftmaxAt(row, 0, 3, k)).to.be.closeTo(value, 1e-12));
    const largest = Float32Array.of(3e38, -3e38);
    expect(logSoftmaxAt(largest, 0, 2, 0)).to.equal(0);
    expect(logSoftmaxAt(largest, 0, 2, 1)).to.be.closeTo(-6e38, 1e32);
  });

  it("keeps losses that are far below the precision of 1", () => {
    expect(-logSoftmaxAt(Float32Array.of(0, 40, -1), 0, 3, 1) / 5.811236444626578e-18).to.be.closeTo(1, 1e-12);
    expect(-logSigmoid(60) / 8.75651076269652e-27).to.be.closeTo(1, 1e-12);
  });

  it("reads the row it is asked for", () => {
    const outputs = Float32Array.of(7, 7, 0, 2.5);
    expect(logSoftmaxAt(outputs, 0, 2, 1)).to.be.closeTo(-Math.LN2, 1e-15);
    expect(logSoftmaxAt(outputs, 1, 2, 1)).to.be.closeTo(-0.07888973429254963, 1e-15);
    expect(logSoftmaxAt(outputs, 1, 2, 0)).to.be.closeTo(-2.5788897342925496, 1e-14);
  });

  it("gives probabilities that add up to 1, whatever is added to all logits", () => {
    fc.assert(
      fc.property(logits, fc.integer({ min: -64, max: 64 }), (values, shift) => {
        const row = Float32Array.from(values, Math.round);
        const moved = row.map((value) => value + shift);
        const logs = Array.from(row, (_, k) => logSoftmaxAt(row, 0, row.length, k));
        expect(logs.reduce((sum, value) => sum + Math.exp(value), 0)).to.be.closeTo(1, 1e-12);
        logs.forEach((value, k) => expect(logSoftmaxAt(moved, 0, row.length, k)).to.be.closeTo(value, 1e-12));
      }),
      SEEDED,
    );
  });

  it("of a logit and 0 is the logistic function's", () => {
    fc.assert(
      fc.property(fc.float({ min: -300, max: 300, noNaN: true }), (logit) => {
        const pair = Float32Array.of(0, logit);
        const single = Float32Array.of(logit);
        for (const target of [0, 1]) {
          const expected = negativeLogLikelihood(pair, 0, 2, target);
          expect(negativeLogLikelihood(single, 0, 1, target)).to.be.closeTo(expected, 1e-12 * (1 + expected));
        }
      }),
      SEEDED,
    );
  });
});
