import { lowerMedian } from "./weightedMean.ts";
import { PacelineError } from "./errors.ts";

/** From contributions to pay. The integer parts are bit for bit `contracts/libraries/Scores.sol`. */

/** What a score vector sums to. */
export const SCORE_SUM = 10_000;
/** Fewer scores than this and the trailing score is used. */
export const MIN_SCORES = 3;
/** The trailing score counts in 1/256 of a score point. */
export const TRAILING_UNIT = 256;

/**
 * A seat's score vector: the positive part of its contributions, own entry 0, scaled to sum to 10,000 by largest remainder
 * (ties to the lower index).
 * @param contributions one real number an included update (PROTOCOL §6), in include order
 * @param own index of the scorer's own update, undefined where it is not included
 * @returns undefined, an abstention, when nothing is positive or the measurement failed (a contribution that is not finite)
 */
export function scoreVector(contributions: readonly number[], own: number | undefined): number[] | undefined {
  if (contributions.some((value, index) => index !== own && !Number.isFinite(value))) return undefined;
  const positive = contributions.map((value, index) => (index === own || !(value > 0) ? 0 : value));
  const sum = positive.reduce((total, value) => total + value, 0);
  if (!(sum > 0) || !Number.isFinite(sum)) return undefined;
  const exact = positive.map((value) => (value / sum) * SCORE_SUM);
  const scores = exact.map(Math.floor);
  const left = SCORE_SUM - scores.reduce((total, value) => total + value, 0);
  const byRemainder = exact
    .map((value, index) => ({ index, remainder: value - Math.floor(value) }))
    .filter(({ index }) => index !== own)
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (let i = 0; i < left; i++) {
    const winner = byRemainder[i % byRemainder.length] as { index: number };
    scores[winner.index] = (scores[winner.index] as number) + 1;
  }
  return scores;
}

/** Big-endian uint16 a score; empty for an abstention. */
export function encodeVector(vector: readonly number[] | undefined): Uint8Array {
  if (vector === undefined) return new Uint8Array(0);
  const bytes = Buffer.alloc(vector.length * 2);
  vector.forEach((score, index) => bytes.writeUInt16BE(score, index * 2));
  return bytes;
}

/**
 * The inverse of `encodeVector`, undefined for an abstention. Throws `bad-message` for a wrong length, a sum other than
 * 10,000 or a score for the scorer's own update.
 */
export function decodeVector(bytes: Uint8Array, included: number, own: number | undefined): number[] | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes.length !== included * 2) {
    throw new PacelineError(
      "bad-message",
      `a vector over ${included} updates takes ${included * 2} bytes, got ${bytes.length}`,
    );
  }
  const buffer = Buffer.from(bytes);
  const scores = Array.from({ length: included }, (_, index) => buffer.readUInt16BE(index * 2));
  const sum = scores.reduce((total, value) => total + value, 0);
  if (sum !== SCORE_SUM) throw new PacelineError("bad-message", `a score vector sums to ${SCORE_SUM}, got ${sum}`);
  if (own !== undefined && scores[own] !== 0)
    throw new PacelineError("bad-message", "a seat cannot score its own update");
  return scores;
}

/** An opened vector and whose it is. */
export interface SeatScores {
  /** By include order; undefined for an abstention. */
  readonly vector: readonly number[] | undefined;
  /** Index of the seat's own update in include order, undefined where it is not included. */
  readonly own: number | undefined;
}

/**
 * The scores that a round pays by: each update's lower median over the seats that scored it. With fewer than three such
 * seats the update's trailing score stands in; when all are zero the trailing scores stand in for all; when those are zero
 * too, everybody gets an equal share.
 * @param trailing by include order, in 1/256 points
 */
export function roundScores(seats: readonly SeatScores[], trailing: readonly number[]): number[] {
  const medians = medianScores(seats, trailing.length);
  const scores = medians.map((median, index) => median ?? Math.floor((trailing[index] as number) / TRAILING_UNIT));
  if (scores.some((score) => score > 0)) return scores;
  return trailing.some((score) => score > 0) ? [...trailing] : trailing.map(() => 1);
}

/** Lower medians by include order; undefined where fewer than three seats scored the update. */
export function medianScores(seats: readonly SeatScores[], included: number): (number | undefined)[] {
  return Array.from({ length: included }, (_, index) => {
    const given = seats.flatMap(({ vector, own }) =>
      vector === undefined || own === index ? [] : [vector[index] as number],
    );
    return given.length < MIN_SCORES ? undefined : lowerMedian(given);
  });
}

/** The trailing score after a round in which the update's median was `median`, in 1/256 points: a quarter of the way. */
export function nextTrailing(trailing: number, median: number): number {
  return Math.floor((3 * trailing + TRAILING_UNIT * median) / 4);
}

/** Splits `amount` by `scores` to the wei: floors, then one wei each by largest remainder, ties to the lower index. */
export function splitByScore(amount: bigint, scores: readonly number[]): bigint[] {
  const sum = scores.reduce((total, score) => total + BigInt(score), 0n);
  if (sum === 0n) throw new PacelineError("bad-argument", "cannot split by scores that are all zero");
  const parts = scores.map((score) => (amount * BigInt(score)) / sum);
  const remainders = scores.map((score, index) => ({ index, rest: (amount * BigInt(score)) % sum }));
  remainders.sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1));
  let left = amount - parts.reduce((total, part) => total + part, 0n);
  for (const { index } of remainders) {
    if (left === 0n) break;
    parts[index] = (parts[index] as bigint) + 1n;
    left -= 1n;
  }
  return parts;
}
