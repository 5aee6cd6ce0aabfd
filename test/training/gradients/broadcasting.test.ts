import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { elementCount } from "../../../node/training/models/model.ts";
import { type Point, gradientsAt } from "../onnx/tapeRun.ts";

/** Two shapes that NumPy's rules let meet, and the shape that comes of it. */
interface Meeting {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly joined: readonly number[];
}

/** Up to four axes of one to three; each side has all of an axis, one of it, or (in front) none. */
const meetings: fc.Arbitrary<Meeting> = fc
  .array(fc.record({ size: fc.integer({ min: 1, max: 3 }), side: fc.constantFrom("both", "a", "b") }), { maxLength: 4 })
  .chain((axes) =>
    fc.tuple(fc.integer({ min: 0, max: axes.length }), fc.boolean()).map(([cut, cutA]) => {
      const of = (side: string): number[] =>
        axes.map((axis) => (axis.side === "both" || axis.side === side ? axis.size : 1));
      const [a, b] = [of("a").slice(cutA ? cut : 0), of("b").slice(cutA ? 0 : cut)];
      const joined = axes.map((_, i) => Math.max(sizeAt(a, i, axes.length), sizeAt(b, i, axes.length)));
      return { a, b, joined };
    }),
  );

function sizeAt(shape: readonly number[], axis: number, rank: number): number {
  return shape[axis - (rank - shape.length)] ?? 1;
}

/** Which element of `shape` stands at a place of `joined`, both row-major. */
function elementAt(place: number, shape: readonly number[], joined: readonly number[]): number {
  let [rest, stride, element] = [place, 1, 0];
  for (let axis = joined.length - 1; axis >= 0; axis--) {
    const size = sizeAt(shape, axis, joined.length);
    if (size > 1) element += (rest % joined[axis]!) * stride;
    stride *= size;
    rest = Math.floor(rest / joined[axis]!);
  }
  return element;
}

/** Numbers that differ, of both signs, none of them 0. */
const point = (shape: readonly number[], first: number): Point => ({
  shape,
  values: Array.from({ length: elementCount(shape) }, (_, i) => (i % 2 === 0 ? 1 : -1) * (first + i / 8)),
});

/** By operator: the slopes of f(a, b) by a and by b. */
const SLOPES: Readonly<Record<string, (a: number, b: number) => readonly [number, number]>> = {
  Add: () => [1, 1],
  Sub: () => [1, -1],
  Mul: (a, b) => [b, a],
  Div: (a, b) => [1 / b, -a / b ** 2],
  Max: (a, b) => (a > b ? [1, 0] : [0, 1]),
  Min: (a, b) => (a < b ? [1, 0] : [0, 1]),
};

describe("gradients through broadcasting", () => {
  for (const [operator, slopes] of Object.entries(SLOPES)) {
    it(`add up over all places that ${operator} took an element to`, async () => {
      await fc.assert(
        fc.asyncProperty(meetings, async ({ a, b, joined }) => {
          const [left, right] = [point(a, 1.25), point(b, 0.6)];
          const expected = [left, right].map(({ values }) => values.map(() => 0));
          for (let place = 0; place < elementCount(joined); place++) {
            const [i, j] = [elementAt(place, a, joined), elementAt(place, b, joined)];
            slopes(left.values[i]!, right.values[j]!).forEach((slope, side) => {
              expected[side]![side === 0 ? i : j]! += (place + 1) * slope;
            });
          }
          const found = await gradientsAt([left, right], (tape, x, y) => tape.node(operator, [x, y]));
          expected.forEach((values, side) => {
            values.forEach((value, i) =>
              expect(found[side]![i], `side ${side}, element ${i}`).to.be.closeTo(
                value,
                1e-4 * Math.max(1, Math.abs(value)),
              ),
            );
          });
        }),
        { seed: 8, numRuns: 40 },
      );
    });
  }
});
