import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import * as fixedPoint from "../../node/core/fixedPoint.ts";
import { seededRandom } from "../../node/core/random.ts";
import { SEEDED } from "../helpers/seeded.ts";

const { applyAggregate, dequantise, nextExponent, quantise } = fixedPoint;
const exponents = fc.integer({ min: -20, max: 40 });
const finiteFloat = fc.float({ noNaN: true, noDefaultInfinity: true });
const updateValue = fc.integer({ min: -32767, max: 32767 });
const aggregateValue = fc.integer({ min: -256 * 32767, max: 256 * 32767 });

/** A finite binary number as numerator · 2^-BITS, exactly. */
const BITS = 1100n;
function rational(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & (2n ** 52n - 1n);
  const magnitude =
    (exponent === 0n ? fraction : fraction | (2n ** 52n)) << (BITS - 1075n + (exponent === 0n ? 1n : exponent));
  return value < 0 ? -magnitude : magnitude;
}
const distance = (a: bigint, b: bigint): bigint => (a > b ? a - b : b - a);

describe("powerOfTwo", () => {
  it("is exact over binary64's normal range", () => {
    for (let exponent = -1022; exponent <= 1023; exponent++)
      expect(fixedPoint.powerOfTwo(exponent)).to.equal(2 ** exponent);
  });

  it("refuses what binary64 has no normal number for", () => {
    for (const exponent of [-1023, 1024, 0.5, NaN]) {
      expect(() => fixedPoint.powerOfTwo(exponent))
        .to.throw()
        .with.property("code", "bad-argument");
    }
  });
});

describe("quantise", () => {
  it("rounds to the nearest step, ties away from zero", () => {
    const given = Float32Array.of(0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999997, -0.49999997, 2.4999998, -2.5000002);
    expect([...quantise(given, 0)]).to.deep.equal([1, 2, 3, -1, -2, -3, 0, 0, 2, -3]);
    expect([
      ...quantise(
        given.map((value) => value / 1024),
        10,
      ),
    ]).to.deep.equal([1, 2, 3, -1, -2, -3, 0, 0, 2, -3]);
  });

  it("saturates at ±32767 and never gives −32768", () => {
    const given = Float32Array.of(32766.49, 32766.5, 32767.5, 32768, 3e38, -32766.5, -32767.5, -32768, -3e38);
    expect([...quantise(given, 0)]).to.deep.equal([32766, 32767, 32767, 32767, 32767, -32767, -32767, -32767, -32767]);
  });

  it("is odd: the update that points the other way has the opposite integers", () => {
    fc.assert(
      fc.property(
        fc.float32Array({ noNaN: true, noDefaultInfinity: true, maxLength: 50 }),
        exponents,
        (delta, exponent) => {
          const opposite = quantise(
            delta.map((value) => -value),
            exponent,
          );
          expect([...opposite]).to.deep.equal([...quantise(delta, exponent)].map((value) => 0 - value));
        },
      ),
      SEEDED,
    );
  });

  it("rounds any finite number as exact arithmetic does", () => {
    fc.assert(
      fc.property(finiteFloat, exponents, (value, exponent) => {
        const scaled = rational(value) * 2n ** 40n; // in steps of 2^-(BITS + 40), so that the exponent below stays positive
        const unit = 2n ** (BITS + 40n - BigInt(exponent));
        const magnitude = ((scaled < 0n ? -scaled : scaled) * 2n + unit) / (2n * unit);
        const bounded = magnitude > 32767n ? 32767 : Number(magnitude);
        expect(quantise(Float32Array.of(value), exponent)[0]).to.equal(scaled < 0n ? 0 - bounded : bounded);
      }),
      { ...SEEDED, numRuns: 1000 },
    );
  });

  it("refuses NaN and infinities, and says where", () => {
    for (const wrong of [NaN, Infinity, -Infinity]) {
      expect(() => quantise(Float32Array.of(1, 2, wrong), 3))
        .to.throw(/index 2/)
        .with.property("code", "bad-argument");
    }
  });
});

describe("dequantise", () => {
  it("comes back within half a step of what was quantised", () => {
    fc.assert(
      fc.property(
        fc.float({ min: -100, max: 100, noNaN: true }),
        fc.integer({ min: -3, max: 8 }),
        (value, exponent) => {
          const back = dequantise(quantise(Float32Array.of(value), exponent), exponent)[0] as number;
          expect(Math.abs(back - value)).to.be.at.most(2 ** -exponent / 2);
        },
      ),
      SEEDED,
    );
  });

  it("is undone by quantise, exactly", () => {
    fc.assert(
      fc.property(fc.int16Array({ min: -32767, maxLength: 50 }), exponents, (values, exponent) => {
        expect(quantise(dequantise(values, exponent), exponent)).to.deep.equal(values);
      }),
      SEEDED,
    );
  });
});

describe("nextExponent", () => {
  const bounds = { min: -10, max: 30 };
  const FULL = 256 * 32767;
  /** `count` of 2,000 values at `share` of the range, the others zero. */
  const aggregate = (share: number, count: number): Int32Array =>
    new Int32Array(2000).fill(Math.floor(FULL * share), 0, count);

  it("rises while all but a thousandth use at most an eighth of the range", () => {
    expect(nextExponent(5, aggregate(1 / 8, 2000), bounds)).to.equal(6);
    expect(nextExponent(5, aggregate(-1, 2), bounds)).to.equal(6);
    expect(nextExponent(5, aggregate(1, 2), bounds)).to.equal(6);
  });

  it("stays between an eighth and a half", () => {
    expect(nextExponent(5, aggregate(0.126, 3), bounds)).to.equal(5);
    expect(nextExponent(5, aggregate(0.5, 2000), bounds)).to.equal(5);
  });

  it("falls when more than a thousandth needs over half of it, whatever the sign", () => {
    expect(nextExponent(5, aggregate(0.501, 3), bounds)).to.equal(4);
    expect(nextExponent(5, aggregate(-0.501, 3), bounds)).to.equal(4);
  });

  it("moves by at most one and stays in the job's bounds", () => {
    fc.assert(
      fc.property(fc.int32Array({ maxLength: 30 }), fc.integer({ min: -10, max: 30 }), (values, exponent) => {
        const next = nextExponent(exponent, values, bounds);
        expect(Math.abs(next - exponent)).to.be.at.most(1);
        expect(next).to.be.within(bounds.min, bounds.max);
      }),
      SEEDED,
    );
    expect(nextExponent(30, aggregate(0, 0), bounds)).to.equal(30);
    expect(nextExponent(-10, aggregate(1, 2000), bounds)).to.equal(-10);
  });

  it("does not fall back at once after it has risen", () => {
    const small = aggregate(1 / 8, 2000);
    expect(
      nextExponent(
        6,
        small.map((value) => 2 * value),
        bounds,
      ),
    ).to.equal(6);
  });
});

describe("applyAggregate", () => {
  it("is the exact sum, rounded once to binary32", () => {
    fc.assert(
      fc.property(
        finiteFloat.filter((value) => Math.abs(value) < 1e30),
        aggregateValue,
        fc.integer({ min: -20, max: 30 }),
        (param, value, exponent) => {
          const next = applyAggregate(Float32Array.of(param), Int32Array.of(value), exponent)[0] as number;
          const exact = rational(param) + (rational(value) * 2n ** 20n) / 2n ** BigInt(exponent + 28);
          // Nearest: no neighbour in binary32 is closer.
          const neighbours = new Float32Array(3).fill(next);
          const bits = new Int32Array(neighbours.buffer);
          bits[1] = (bits[1] as number) + 1;
          bits[2] = next === 0 ? 0x80000001 | 0 : (bits[2] as number) - 1;
          for (const other of neighbours.subarray(1)) {
            expect(distance(rational(next), exact) <= distance(rational(other), exact)).to.equal(true);
          }
        },
      ),
      { ...SEEDED, numRuns: 1000 },
    );
  });

  it("agrees with values worked out by hand", () => {
    const params = Float32Array.of(1, -1, 0.25, 16777216, 16777216, 1);
    const aggregate = Int32Array.of(256, 256, -64, 256, 768, 1);
    expect([...applyAggregate(params, aggregate, 0)]).to.deep.equal([2, 0, 0, 16777216, 16777220, 1.00390625]);
    expect([...applyAggregate(params.subarray(0, 1), aggregate.subarray(0, 1), 3)]).to.deep.equal([1.125]);
    expect([...applyAggregate(params.subarray(0, 1), aggregate.subarray(0, 1), -3)]).to.deep.equal([9]);
  });

  it("never yields −0, which other engines may not tell from 0", () => {
    const tiny = 2 ** -149;
    const next = applyAggregate(Float32Array.of(-0, -0, 1, -tiny, tiny), Int32Array.of(0, 1, -256, 0, 0), 0);
    for (const value of next) expect(Object.is(value, -0)).to.equal(false);
    const underflow = applyAggregate(Float32Array.of(-0), Int32Array.of(-1), 200);
    expect(Object.is(underflow[0], 0)).to.equal(true);
  });

  it("leaves the params it was given as they are, and refuses another length", () => {
    const params = Float32Array.of(1, 2);
    applyAggregate(params, Int32Array.of(256, 256), 0);
    expect([...params]).to.deep.equal([1, 2]);
    expect(() => applyAggregate(params, Int32Array.of(1), 0))
      .to.throw()
      .with.property("code", "bad-argument");
  });
});

describe("the encoding of updates and aggregates", () => {
  const lengths = [1, 127, 128, 129, 300];

  it("is big-endian and zero-padded to whole leaves", () => {
    const update = fixedPoint.encodeUpdate(Int16Array.of(1, -2, 0x1234));
    expect(update.length).to.equal(256);
    expect([...update.subarray(0, 8)]).to.deep.equal([0, 1, 0xff, 0xfe, 0x12, 0x34, 0, 0]);
    const aggregate = fixedPoint.encodeAggregate(Int32Array.of(-2, 0x12345678));
    expect(aggregate.length).to.equal(512);
    expect([...aggregate.subarray(0, 10)]).to.deep.equal([0xff, 0xff, 0xff, 0xfe, 0x12, 0x34, 0x56, 0x78, 0, 0]);
  });

  it("round-trips, from views at any offset too", () => {
    for (const length of lengths) {
      const random = seededRandom(length);
      const update = Int16Array.from({ length }, () => random.below(65535) - 32767);
      const aggregate = Int32Array.from({ length }, () => random.uint32() | 0);
      const [a, b] = [fixedPoint.encodeUpdate(update), fixedPoint.encodeAggregate(aggregate)];
      const shifted = (bytes: Uint8Array): Uint8Array => Uint8Array.of(7, ...bytes).subarray(1);
      expect(fixedPoint.decodeUpdate(shifted(a), length)).to.deep.equal(update);
      expect(fixedPoint.decodeAggregate(shifted(b), length)).to.deep.equal(aggregate);
    }
  });

  it("leaves both the values and the bytes it was given as they are", () => {
    const values = Int16Array.of(1, 2);
    const bytes = fixedPoint.encodeUpdate(values);
    fixedPoint.decodeUpdate(bytes, 2);
    expect([...values]).to.deep.equal([1, 2]);
    expect([...bytes.subarray(0, 4)]).to.deep.equal([0, 1, 0, 2]);
  });

  it("refuses non-zero padding, at its first and at its last value", () => {
    for (const at of [3, 127]) {
      const update = fixedPoint.encodeUpdate(Int16Array.of(1, 2, 3));
      update[2 * at + 1] = 1;
      expect(() => fixedPoint.decodeUpdate(update, 3))
        .to.throw(`${at}`)
        .with.property("code", "bad-blob");
      const aggregate = fixedPoint.encodeAggregate(Int32Array.of(1, 2, 3));
      aggregate[4 * at + 3] = 1;
      expect(() => fixedPoint.decodeAggregate(aggregate, 3))
        .to.throw(`${at}`)
        .with.property("code", "bad-blob");
    }
  });

  it("refuses −32768, for which negation overflows", () => {
    const bytes = fixedPoint.encodeUpdate(Int16Array.of(1, -32768, 3));
    expect(() => fixedPoint.decodeUpdate(bytes, 3))
      .to.throw(/value 1 is -32768/)
      .with.property("code", "bad-blob");
  });

  it("refuses a wrong length: a byte, a leaf, or everything", () => {
    for (const size of [0, 258, 256, 511, 513, 768]) {
      expect(() => fixedPoint.decodeUpdate(new Uint8Array(size), 129))
        .to.throw(/takes 512/)
        .with.property("code", "bad-blob");
    }
    for (const size of [0, 516, 512, 1023, 1025, 1536]) {
      expect(() => fixedPoint.decodeAggregate(new Uint8Array(size), 129))
        .to.throw(/takes 1024/)
        .with.property("code", "bad-blob");
    }
  });
});

describe("squaredNorm", () => {
  it("is exact where 32-bit arithmetic would overflow", () => {
    fc.assert(
      fc.property(fc.array(updateValue, { maxLength: 200 }), (values) => {
        const exact = values.reduce((sum, value) => sum + BigInt(value) ** 2n, 0n);
        expect(BigInt(fixedPoint.squaredNorm(Int16Array.from(values)))).to.equal(exact);
      }),
      SEEDED,
    );
    expect(fixedPoint.squaredNorm(new Int16Array(1_000_000).fill(-32767))).to.equal(1_000_000 * 32767 ** 2);
  });
});
