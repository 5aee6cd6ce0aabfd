import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import * as scores from "../../node/core/scores.ts";
import { lowerMedian } from "../../node/core/weightedMean.ts";
import { SEEDED } from "../helpers/seeded.ts";
import { vectorCases } from "../helpers/vectors.ts";

const { roundScores, scoreVector, splitByScore } = scores;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const contribution = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
  fc.constant(0),
  fc.double({ min: 0, max: 1e-300, noNaN: true }),
);
const contributions = fc.array(contribution, { minLength: 1, maxLength: 20 });

describe("scoreVector", () => {
  it("scales the positive part to 10,000", () => {
    expect(scoreVector([3, -5, 1, 0], undefined)).to.deep.equal([7500, 0, 2500, 0]);
  });

  it("gives what is left to the largest remainders, ties to the lower index", () => {
    expect(scoreVector([1, 1, 1], undefined)).to.deep.equal([3334, 3333, 3333]);
    expect(scoreVector([1, 1, 1, 1, 1, 1, 1], undefined)).to.deep.equal([1429, 1429, 1429, 1429, 1428, 1428, 1428]);
    expect(scoreVector([1, 2, 2 / 3], undefined)).to.deep.equal([2727, 5455, 1818]); // 2727.27, 5454.55, 1818.18
  });

  it("never scores the seat's own update", () => {
    expect(scoreVector([3, 99, 1], 1)).to.deep.equal([7500, 0, 2500]);
    expect(scoreVector([-1, 99, 0], 1)).to.equal(undefined);
    expect(scoreVector([3, NaN, 1], 1)).to.deep.equal([7500, 0, 2500]);
  });

  it("abstains when nothing is positive", () => {
    for (const none of [[], [0], [-0], [0, -1, -2]]) expect(scoreVector(none, undefined)).to.equal(undefined);
  });

  it("abstains when the measurement failed", () => {
    for (const wrong of [NaN, Infinity, -Infinity]) expect(scoreVector([1, wrong, 2], undefined)).to.equal(undefined);
    expect(scoreVector([1e308, 1e308], undefined)).to.equal(undefined);
  });

  it("sums to 10,000, keeps order, pays nothing for nothing, and rounds by less than one point", () => {
    fc.assert(
      fc.property(contributions, fc.option(fc.nat(19), { nil: undefined }), (values, own) => {
        const vector = scoreVector(values, own);
        const counted = values.map((value, index) => (index === own ? 0 : Math.max(0, value)));
        const total = sum(counted);
        if (vector === undefined) {
          expect(total).to.equal(0);
          return;
        }
        expect(sum(vector)).to.equal(scores.SCORE_SUM);
        vector.forEach((score, i) => {
          const value = counted[i] as number;
          expect(Math.abs(score - (value / total) * scores.SCORE_SUM)).to.be.below(1 + 1e-9);
          if (value === 0) expect(score).to.equal(0);
          counted.forEach((other, j) => {
            if (value > other) expect(score).to.be.at.least(vector[j] as number);
          });
        });
      }),
      { ...SEEDED, numRuns: 1000 },
    );
  });
});

describe("the encoding of score vectors", () => {
  it("is a big-endian uint16 a score, and nothing for an abstention", () => {
    expect([...scores.encodeVector([9744, 0, 256])]).to.deep.equal([0x26, 0x10, 0, 0, 1, 0]);
    expect(scores.encodeVector(undefined)).to.have.length(0);
    expect(scores.decodeVector(new Uint8Array(0), 3, undefined)).to.equal(undefined);
  });

  it("round-trips, from views at any offset too", () => {
    fc.assert(
      fc.property(contributions, (values) => {
        const vector = scoreVector(values, 0);
        const bytes = Uint8Array.of(7, ...scores.encodeVector(vector)).subarray(1);
        expect(scores.decodeVector(bytes, values.length, 0)).to.deep.equal(vector);
      }),
      SEEDED,
    );
  });

  it("refuses a wrong length, a wrong sum and a score for oneself", () => {
    const wrong: [vector: number[], included: number, own: number | undefined][] = [
      [[10_000], 2, undefined],
      [[5000, 5000, 0], 2, undefined],
      [[5000, 4999], 2, undefined],
      [[5000, 5001], 2, undefined],
      [[0, 0], 2, undefined],
      [[65_535, 10_001], 2, undefined],
      [[1, 9999], 2, 0],
    ];
    for (const [vector, included, own] of wrong) {
      expect(() => scores.decodeVector(scores.encodeVector(vector), included, own))
        .to.throw()
        .with.property("code", "bad-message");
    }
    expect(() => scores.decodeVector(new Uint8Array(3), 2, undefined))
      .to.throw()
      .with.property("code", "bad-message");
  });
});

describe("roundScores", () => {
  const seat = (vector: number[] | undefined, own?: number): scores.SeatScores => ({ vector, own });

  it("takes the lower median of the seats that scored an update: a rival's zero cannot drag it down alone", () => {
    const seats = [
      seat([0, 5000, 5000], 0),
      seat([4000, 0, 6000], 1),
      seat([7000, 3000, 0], 2),
      seat([6000, 4000, 0]),
      seat([0, 0, 10_000]),
    ];
    expect(scores.medianScores(seats, 3)).to.deep.equal([4000, 3000, 5000]);
    expect(roundScores(seats, [0, 0, 0])).to.deep.equal([4000, 3000, 5000]);
  });

  it("takes the lower of the two middle scores at an even count", () => {
    const seats = [
      [1000, 9000],
      [2000, 8000],
      [3000, 7000],
      [9000, 1000],
    ].map((vector) => seat(vector));
    expect(scores.medianScores(seats, 2)).to.deep.equal([2000, 7000]);
  });

  it("leaves out abstentions and a seat's own entry, even one that is not zero", () => {
    const seats = [
      seat(undefined),
      seat(undefined),
      seat([10_000, 0], 0),
      seat([5000, 5000]),
      seat([4000, 6000]),
      seat([3000, 7000]),
    ];
    expect(scores.medianScores(seats, 2)).to.deep.equal([4000, 5000]);
  });

  it("falls back to the trailing score below three scores, update by update", () => {
    const seats = [seat([0, 10_000], 0), seat([6000, 4000]), seat([7000, 3000])];
    expect(scores.medianScores(seats, 2)).to.deep.equal([undefined, 4000]);
    expect(roundScores(seats, [1500 * 256 + 255, 9 * 256])).to.deep.equal([1500, 4000]);
  });

  it("falls back to the trailing scores, unrounded, when every score is zero", () => {
    expect(roundScores([], [3, 0, 255])).to.deep.equal([3, 0, 255]);
    expect(roundScores([seat(undefined), seat(undefined), seat(undefined)], [512, 256, 0])).to.deep.equal([2, 1, 0]);
    const zeros = [seat([0, 0, 10_000]), seat([0, 10_000, 0]), seat([10_000, 0, 0])];
    expect(scores.medianScores(zeros, 3)).to.deep.equal([0, 0, 0]);
    expect(roundScores(zeros, [700, 0, 1])).to.deep.equal([700, 0, 1]);
  });

  it("shares equally only when nobody has any score", () => {
    expect(roundScores([], [0, 0, 0])).to.deep.equal([1, 1, 1]);
  });

  it("is never all zero, so that a round can always be paid", () => {
    const vector = fc.array(fc.nat(10_000), { minLength: 3, maxLength: 3 });
    const seats = fc.array(
      fc.record({ vector: fc.option(vector, { nil: undefined }), own: fc.option(fc.nat(2), { nil: undefined }) }),
      { maxLength: 7 },
    );
    fc.assert(
      fc.property(seats, fc.array(fc.nat(10_000 * 256), { minLength: 3, maxLength: 3 }), (given, trailing) => {
        expect(sum(roundScores(given, trailing))).to.be.above(0);
      }),
      SEEDED,
    );
  });
});

describe("nextTrailing", () => {
  it("moves a quarter of the way, in 1/256 points, rounded down", () => {
    expect(scores.nextTrailing(0, 10_000)).to.equal(640_000);
    expect(scores.nextTrailing(1000 * 256, 2000)).to.equal(1250 * 256);
    expect(scores.nextTrailing(3, 0)).to.equal(2);
    expect(scores.nextTrailing(1, 0)).to.equal(0);
  });

  it("never passes the score it moves to, and fits a uint32", () => {
    fc.assert(
      fc.property(fc.nat(10_000 * 256), fc.nat(10_000), (trailing, median) => {
        const next = scores.nextTrailing(trailing, median);
        expect(next).to.be.within(Math.min(trailing, median * 256), Math.max(trailing, median * 256));
      }),
      SEEDED,
    );
  });
});

describe("splitByScore", () => {
  const amount = fc.oneof(fc.bigInt({ min: 0n, max: 100n }), fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }));
  const given = fc
    .array(fc.oneof(fc.nat(10_000), fc.constant(0)), { minLength: 1, maxLength: 32 })
    .filter((values) => sum(values) > 0);

  it("splits to the wei: exact sum, less than a wei from the exact share, nothing for nothing, more for more", () => {
    fc.assert(
      fc.property(amount, given, (whole, points) => {
        const parts = splitByScore(whole, points);
        const total = BigInt(sum(points));
        expect(parts.reduce((all, part) => all + part, 0n)).to.equal(whole);
        parts.forEach((part, i) => {
          const off = part * total - whole * BigInt(points[i] as number);
          expect(off > -total && off < total).to.equal(true);
          if (points[i] === 0) expect(part).to.equal(0n);
          points.forEach((other, j) => {
            if ((points[i] as number) > other) expect(part >= (parts[j] as bigint)).to.equal(true);
          });
        });
      }),
      { ...SEEDED, numRuns: 500 },
    );
  });

  it("gives odd wei to the largest remainder, ties to the lower index", () => {
    expect(splitByScore(10n, [1, 1, 1])).to.deep.equal([4n, 3n, 3n]);
    expect(splitByScore(11n, [1, 1, 1])).to.deep.equal([4n, 4n, 3n]);
    expect(splitByScore(10n, [1, 2, 4])).to.deep.equal([1n, 3n, 6n]); // 1.43, 2.86, 5.71
    expect(splitByScore(1n, [0, 3, 3])).to.deep.equal([0n, 1n, 0n]);
    expect(splitByScore(0n, [2, 1])).to.deep.equal([0n, 0n]);
  });

  it("refuses scores that are all zero, or none", () => {
    for (const none of [[], [0, 0]])
      expect(() => splitByScore(5n, none))
        .to.throw()
        .with.property("code", "bad-argument");
  });
});

describe("test/vectors/scores.json", () => {
  interface MedianCase {
    values: number[];
    median: number;
  }
  interface RoundCase {
    included: number;
    seats: { own: number; vector: number[] }[];
    trailing: number[];
    medians: number[];
    scores: number[];
  }
  interface TrailingCase {
    trailing: number;
    median: number;
    next: number;
  }
  interface SplitCase {
    amount: string;
    scores: number[];
    parts: string[];
  }
  /** By counting, not by sorting: the smallest value that at least half of them do not exceed. */
  const countedMedian = (values: readonly number[]): number =>
    Math.min(...values.filter((candidate) => 2 * values.filter((value) => value <= candidate).length >= values.length));

  it("has the lower medians that counting gives", () => {
    for (const { values, median } of vectorCases<MedianCase>("scores.json", "medians")) {
      expect(median).to.equal(countedMedian(values));
      expect(lowerMedian(values)).to.equal(median);
    }
  });

  it("has the rounds' scores by median, trailing score or equal share", () => {
    for (const one of vectorCases<RoundCase>("scores.json", "rounds")) {
      const medians = one.trailing.map((_, i) => {
        const values = one.seats
          .filter(({ own, vector }) => own !== i && vector.length > 0)
          .map(({ vector }) => vector[i] as number);
        return values.length < 3 ? -1 : countedMedian(values);
      });
      expect(one.medians).to.deep.equal(medians);
      const mixed = medians.map((median, i) => (median < 0 ? (one.trailing[i] as number) >> 8 : median));
      const expected = sum(mixed) > 0 ? mixed : sum(one.trailing) > 0 ? one.trailing : one.trailing.map(() => 1);
      expect(one.scores).to.deep.equal(expected);
    }
  });

  it("has trailing scores a quarter of the way", () => {
    for (const { trailing, median, next } of vectorCases<TrailingCase>("scores.json", "trailing")) {
      expect(BigInt(next)).to.equal((3n * BigInt(trailing) + 256n * BigInt(median)) / 4n);
    }
  });

  it("has splits that sum exactly, whose odd wei went to the largest remainders", () => {
    for (const { amount, scores: points, parts } of vectorCases<SplitCase>("scores.json", "splits")) {
      const [whole, total] = [BigInt(amount), BigInt(sum(points))];
      expect(parts.reduce((all, part) => all + BigInt(part), 0n)).to.equal(whole);
      const shares = points.map((score, i) => {
        const exact = whole * BigInt(score);
        return { i, rest: exact % total, extra: BigInt(parts[i] as string) - exact / total };
      });
      for (const one of shares) {
        expect(one.extra === 0n || one.extra === 1n).to.equal(true);
        if (one.extra === 0n) continue;
        for (const other of shares.filter(({ extra }) => extra === 0n)) {
          expect(other.rest < one.rest || (other.rest === one.rest && other.i > one.i)).to.equal(true);
        }
      }
    }
  });
});
