import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import { quantiseWithinNorm } from "../../node/core/clipping.ts";
import { clipToNorm, quantise, squaredNorm, squaredNormBound } from "../../node/core/fixedPoint.ts";
import { seededRandom } from "../../node/core/random.ts";
import { SEEDED } from "../helpers/seeded.ts";

const norm = (values: Float32Array): number => Math.hypot(...values);
const deltas = fc.float32Array({
  noNaN: true,
  noDefaultInfinity: true,
  min: -1e6,
  max: 1e6,
  minLength: 1,
  maxLength: 60,
});
const clipNorms = fc.double({ min: 1e-3, max: 1e4, noNaN: true });

function normalDelta(length: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => random.normal());
}

describe("clipToNorm", () => {
  it("keeps the direction and brings the norm to the bound, not above it", () => {
    fc.assert(
      fc.property(deltas, clipNorms, (delta, clipNorm) => {
        const clipped = clipToNorm(delta, clipNorm);
        expect(norm(clipped)).to.be.at.most(clipNorm);
        if (norm(delta) > clipNorm) expect(norm(clipped)).to.be.closeTo(clipNorm, clipNorm * 2e-6);
        else
          clipped.forEach((value, i) =>
            expect(value).to.be.closeTo(delta[i] as number, Math.abs(delta[i] as number) * 2e-6),
          );
      }),
      SEEDED,
    );
    expect([...clipToNorm(Float32Array.of(30, -40), 5)].map((value) => Number(value.toFixed(4)))).to.deep.equal([
      3, -4,
    ]);
  });

  it("leaves a shorter update as it is", () => {
    expect([...clipToNorm(Float32Array.of(3, -4), 5.01)]).to.deep.equal([3, -4]);
  });

  it("refuses a bound that is not positive, which would reverse or not clip the update", () => {
    for (const wrong of [0, -1, NaN]) {
      expect(() => clipToNorm(Float32Array.of(1), wrong))
        .to.throw()
        .with.property("code", "bad-argument");
    }
  });
});

describe("quantiseWithinNorm", () => {
  it("satisfies the seats' integer bound for every shape", () => {
    fc.assert(
      fc.property(deltas, clipNorms, fc.integer({ min: -4, max: 16 }), (delta, clipNorm, exponent) => {
        const values = quantiseWithinNorm(delta, exponent, clipNorm);
        expect(squaredNorm(values)).to.be.at.most(squaredNormBound(clipNorm, exponent));
      }),
      { ...SEEDED, numRuns: 2000 },
    );
  });

  it("satisfies it where clipping real numbers alone does not: long updates of small values", () => {
    const shapes: [length: number, clipNorm: number, exponent: number][] = [
      [200_000, 1, 10],
      [200_000, 10, 5],
      [50_000, 1, 7],
      [3, Math.sqrt(3), 0],
    ];
    for (const [length, clipNorm, exponent] of shapes) {
      const delta = length === 3 ? Float32Array.of(1, 1, 1) : normalDelta(length, exponent);
      const bound = squaredNormBound(clipNorm, exponent);
      if (length > 3)
        expect(squaredNorm(quantise(clipToNorm(delta, clipNorm), exponent)), "the trap").to.be.above(bound);
      expect(squaredNorm(quantiseWithinNorm(delta, exponent, clipNorm))).to.be.at.most(bound);
    }
  });

  it("uses the bound up: it takes back no more rounding than it must", () => {
    const bound = squaredNormBound(1, 10);
    const values = quantiseWithinNorm(normalDelta(200_000, 3), 10, 1);
    expect(squaredNorm(values)).to.be.within(
      bound - 2 * values.reduce((most, value) => Math.max(most, value), 0),
      bound,
    );
  });

  it("keeps every value within one step, and rounds to nearest where there is room", () => {
    fc.assert(
      fc.property(
        deltas,
        fc.double({ min: 0.1, max: 50, noNaN: true }),
        fc.integer({ min: -2, max: 6 }),
        (delta, clipNorm, exponent) => {
          const clipped = clipToNorm(delta, clipNorm);
          const values = quantiseWithinNorm(delta, exponent, clipNorm);
          clipped.forEach((value, i) => expect(Math.abs((values[i] as number) - value * 2 ** exponent)).to.be.below(1));
          const nearest = quantise(clipped, exponent);
          if (squaredNorm(nearest) <= squaredNormBound(clipNorm, exponent)) expect(values).to.deep.equal(nearest);
        },
      ),
      SEEDED,
    );
  });

  it("takes back the longest roundings first, and equal ones by index", () => {
    // To nearest, both have Σ q² = 7, and the bound is 6: one rounding has to go.
    const delta = Float32Array.of(2, 0.6, -0.55, 0.6, 1e-3);
    expect([...quantiseWithinNorm(delta, 0, Math.sqrt(6.1))]).to.deep.equal([2, 1, 0, 1, 0]);
    expect([...quantiseWithinNorm(Float32Array.of(2, 0.6, -0.6, 0.6), 0, Math.sqrt(6.1))]).to.deep.equal([2, 0, -1, 1]);
  });

  it("refuses NaN and infinities", () => {
    for (const wrong of [NaN, Infinity]) {
      expect(() => quantiseWithinNorm(Float32Array.of(1, wrong), 3, 1))
        .to.throw()
        .with.property("code", "bad-argument");
    }
  });
});
