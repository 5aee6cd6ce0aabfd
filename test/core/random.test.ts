import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import { seededRandom, type Random } from "../../node/core/random.ts";
import { chiSquare, meanAndVariance } from "../helpers/statistics.ts";
import { SEEDED } from "../helpers/seeded.ts";

const DRAWS = 40_000;
const take = (count: number, next: () => number): number[] => Array.from({ length: count }, next);
const words32 = (count: number, random: Random): number[] => take(count, () => random.uint32());
const first = (...words: number[]): number[] => words32(4, seededRandom(...words));

const WORD = 2n ** 32n;
const rotateLeft = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (32n - by))) % WORD;

/** xoshiro128** 1.1 as its authors publish it (prng.di.unimi.it/xoshiro128starstar.c), word by word. */
function xoshiro(state: [bigint, bigint, bigint, bigint]): () => number {
  return () => {
    const result = (rotateLeft((state[1] * 5n) % WORD, 7n) * 9n) % WORD;
    const t = (state[1] << 9n) % WORD;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = rotateLeft(state[3], 11n);
    return Number(result);
  };
}

/** The state that seededRandom() documents: words mixed in one after the other, then four words of splitmix32. */
function seededState(words: readonly bigint[]): [bigint, bigint, bigint, bigint] {
  let mix = 0x9e3779b9n ^ BigInt(words.length);
  const splitmix = (): bigint => {
    mix = (mix + 0x9e3779b9n) % WORD;
    const once = ((mix ^ (mix >> 16n)) * 0x85ebca6bn) % WORD;
    const twice = ((once ^ (once >> 13n)) * 0xc2b2ae35n) % WORD;
    return twice ^ (twice >> 16n);
  };
  for (const word of words) {
    mix ^= word;
    mix = splitmix();
  }
  return [splitmix(), splitmix(), splitmix(), splitmix() | 1n];
}

describe("seededRandom", () => {
  it("is xoshiro128**, seeded through splitmix32", () => {
    expect(take(4, xoshiro([1n, 2n, 3n, 4n])), "the reference itself").to.deep.equal([11520, 0, 5927040, 70819200]);
    for (const words of [[], [0], [42], [1, 2], [0xffffffff, 7, 0x80000000, 3, 5]]) {
      const reference = xoshiro(seededState(words.map(BigInt)));
      expect(words32(1000, seededRandom(...words))).to.deep.equal(take(1000, reference));
    }
  });

  it("gives the values it has always given", () => {
    expect(first(1)).to.deep.equal([3273095843, 3660010216, 360289745, 4188982796]);
    expect(first(1, 2)).to.deep.equal([3592604539, 677438308, 3038079694, 2302753392]);
    const random = seededRandom(42);
    expect([random.uniform(), random.below(10)]).to.deep.equal([0.205953880007948, 6]);
    expect([random.normal(), random.normal()]).to.deep.equal([0.1542073706381251, -0.23192003870459219]);
    expect([random.gamma(0.5), random.gamma(2.5)]).to.deep.equal([0.042664595806710844, 1.8086958685405963]);
    expect(random.shuffle([0, 1, 2, 3, 4, 5])).to.deep.equal([2, 3, 5, 1, 0, 4]);
  });

  it("differs by every word of the seed, by their order and by their number", () => {
    const seeds = [
      [],
      [0],
      [1],
      [2],
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 2],
      [2, 1],
      [1, 2, 0],
      [0, 1, 2],
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4, 6],
      [9, 2, 3, 4, 5],
    ];
    expect(new Set(seeds.map((words) => first(...words).join())).size).to.equal(seeds.length);
  });

  it("has no correlation between neighbouring seeds", () => {
    const streams = Array.from({ length: DRAWS }, (_, seed) => seededRandom(7, seed).uniform());
    const { mean, variance } = meanAndVariance(streams);
    expect(mean).to.be.closeTo(0.5, 4 * Math.sqrt(1 / 12 / DRAWS));
    expect(variance).to.be.closeTo(1 / 12, 0.002);
    const lagged = streams.slice(1).map((value, i) => (value - 0.5) * ((streams[i] as number) - 0.5));
    expect(meanAndVariance(lagged).mean).to.be.closeTo(0, 4 / 12 / Math.sqrt(DRAWS));
  });

  it("takes words modulo 2^32", () => {
    expect(first(2 ** 32 + 5)).to.deep.equal(first(5));
    expect(first(-1)).to.deep.equal(first(2 ** 32 - 1));
  });
});

describe("uniform", () => {
  it("is in [0, 1) and even", () => {
    const random = seededRandom(1);
    const values = take(DRAWS, () => random.uniform());
    const counts = new Array<number>(50).fill(0);
    for (const value of values) counts[Math.floor(value * 50)] = (counts[Math.floor(value * 50)] as number) + 1;
    expect(counts).to.have.length(50);
    expect(chiSquare(counts, DRAWS / 50)).to.be.below(85.35); // 0.1 %, 49 degrees of freedom
  });

  it("uses all 53 bits", () => {
    const random = seededRandom(2);
    const values = take(200, () => random.uniform());
    expect(values.some((value) => !Number.isInteger(value * 2 ** 52))).to.equal(true);
    expect(values.every((value) => Number.isInteger(value * 2 ** 53))).to.equal(true);
  });
});

describe("below", () => {
  it("gives every value equally often", () => {
    const random = seededRandom(3);
    const tally = new Array<number>(13).fill(0);
    for (const value of take(DRAWS, () => random.below(13))) tally[value] = (tally[value] as number) + 1;
    expect(chiSquare(tally, DRAWS / 13)).to.be.below(32.91); // 0.1 %, 12 degrees of freedom
  });

  it("has no modulo bias where it would be largest: three quarters of 2^32", () => {
    const random = seededRandom(4);
    const bound = 3 * 2 ** 30;
    const low = take(DRAWS, () => random.below(bound)).filter((value) => value < 2 ** 30).length;
    // A third of the values; a plain remainder would give a half.
    expect(low / DRAWS).to.be.closeTo(1 / 3, 4 * Math.sqrt(2 / 9 / DRAWS));
  });

  it("stays below any bound", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), fc.integer(), (bound, seed) => {
        const value = seededRandom(seed).below(bound);
        expect(Number.isInteger(value) && value >= 0 && value < bound).to.equal(true);
      }),
      SEEDED,
    );
    expect(seededRandom(1).below(1)).to.equal(0);
  });

  it("refuses bounds it cannot be even for", () => {
    for (const bound of [0, -1, 1.5, 2 ** 32 + 1, NaN]) {
      expect(() => seededRandom(1).below(bound))
        .to.throw()
        .with.property("code", "bad-argument");
    }
  });
});

describe("normal", () => {
  it("does not depend on the machine's own logarithm, whose last bits differ between machines", () => {
    const { log } = Math;
    const drawn = take(100, seededRandom(5).normal);
    try {
      Math.log = (x) => log(x) * (1 + 2 ** -50);
      expect(take(100, seededRandom(5).normal)).to.deep.equal(drawn);
    } finally {
      Math.log = log;
    }
  });

  it("is by the polar method: the factor of each pair is that of the exact logarithm", () => {
    const [uniforms, random] = [seededRandom(23), seededRandom(23)];
    for (let pairs = 0; pairs < 2000;) {
      const [x, y] = [2 * uniforms.uniform() - 1, 2 * uniforms.uniform() - 1];
      const s = x * x + y * y;
      if (!(s > 0 && s < 1)) continue;
      pairs++;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      expect(random.normal()).to.be.closeTo(x * factor, 1e-15 * Math.abs(x * factor));
      expect(random.normal()).to.be.closeTo(y * factor, 1e-15 * Math.abs(y * factor));
    }
  });

  it("has mean 0, variance 1 and the normal's tails, and neighbours do not correlate", () => {
    const random = seededRandom(5);
    const values = take(DRAWS, () => random.normal());
    const { mean, variance } = meanAndVariance(values);
    expect(mean).to.be.closeTo(0, 4 / Math.sqrt(DRAWS));
    expect(variance).to.be.closeTo(1, 4 * Math.sqrt(2 / DRAWS));
    const share = (limit: number): number => values.filter((value) => Math.abs(value) > limit).length / DRAWS;
    expect(share(1)).to.be.closeTo(0.3173, 0.01);
    expect(share(2)).to.be.closeTo(0.0455, 0.005);
    expect(share(3)).to.be.closeTo(0.0027, 0.0012);
    const products = values.slice(1).map((value, i) => value * (values[i] as number));
    expect(meanAndVariance(products).mean).to.be.closeTo(0, 4 / Math.sqrt(DRAWS));
  });
});

describe("gamma", () => {
  for (const shape of [0.1, 0.5, 1, 2.5, 20]) {
    it(`has mean and variance ${shape}`, () => {
      const random = seededRandom(6, shape * 10);
      const { mean, variance } = meanAndVariance(take(DRAWS, () => random.gamma(shape)));
      expect(mean).to.be.closeTo(shape, 4 * Math.sqrt(shape / DRAWS));
      // The variance of a sample variance is (μ₄ − σ⁴) / n with μ₄ = 3·shape² + 6·shape.
      expect(variance).to.be.closeTo(shape, 4 * Math.sqrt((2 * shape ** 2 + 6 * shape) / DRAWS));
    });
  }

  it("refuses shapes that are not positive and finite", () => {
    for (const shape of [0, -1, NaN, Infinity]) {
      expect(() => seededRandom(1).gamma(shape))
        .to.throw()
        .with.property("code", "bad-argument");
    }
  });
});

describe("shuffle", () => {
  it("permutes in place, plain and typed arrays alike", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 40 }), fc.integer(), (values, seed) => {
        const [plain, typed] = [[...values], Int32Array.from(values)];
        expect(seededRandom(seed).shuffle(plain)).to.equal(plain);
        seededRandom(seed).shuffle(typed);
        expect([...typed]).to.deep.equal(plain);
        expect(plain.sort((a, b) => a - b)).to.deep.equal([...values].sort((a, b) => a - b));
      }),
      SEEDED,
    );
  });

  it("gives every order equally often", () => {
    const random = seededRandom(8);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = random.shuffle([0, 1, 2, 3]).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).to.equal(24);
    expect(chiSquare([...counts.values()], 1000)).to.be.below(49.73); // 0.1 %, 23 degrees of freedom
  });
});
