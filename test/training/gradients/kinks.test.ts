import { expect } from "chai";
import { describe, it } from "mocha";
import { type Attributes, type Value, int } from "../../../node/training/graph/graph.ts";
import type { Tape } from "../../../node/training/onnx/tape.ts";
import { type Point, gradientsAt, numbers } from "../onnx/tapeRun.ts";

/** Points at which differences tell nothing: the gradients that are promised there, worked out by hand. They come back as 1, 2, 3, … */

type Build = (tape: Tape, ...values: readonly Value[]) => Value;

const of =
  (operator: string, attributes: Attributes = {}): Build =>
  (tape, ...values) =>
    tape.node(operator, values, attributes);

const cases: readonly (readonly [string, readonly Point[], Build, readonly (readonly number[])[]])[] = [
  ["Relu at 0 is flat", [numbers(0, -0, 2)], of("Relu"), [[0, 0, 3]]],
  [
    "LeakyRelu at 0 has the slope of the left",
    [numbers(0, 1)],
    of("LeakyRelu", { alpha: { kind: "float", value: 0.25 } }),
    [[0.25, 2]],
  ],
  ["Abs at 0 is flat", [numbers(-3, 0, 3)], of("Abs"), [[-1, 0, 3]]],
  [
    "PRelu at 0 has the slope of the left",
    [numbers(-2, 0, 2), numbers(0.5, 0.5, 0.5)],
    of("PRelu"),
    [
      [0.5, 1, 3],
      [-2, 0, 0],
    ],
  ],
  [
    "the first of equal maxima gets all",
    [numbers(1, 5, 2), numbers(1, 4, 2), numbers(0, 5, 2)],
    of("Max"),
    [
      [1, 2, 3],
      [0, 0, 0],
      [0, 0, 0],
    ],
  ],
  [
    "the first of equal minima gets all",
    [numbers(1, 5, 2), numbers(1, 4, 2)],
    of("Min"),
    [
      [1, 0, 3],
      [0, 2, 0],
    ],
  ],
  [
    "equal maxima along an axis share",
    [{ shape: [2, 4], values: [7, 1, 7, 7, 0, 2, 3, 3] }],
    (tape, x) => tape.node("ReduceMax", [x, tape.builder.ints([1])], { keepdims: int(0) }),
    [[1 / 3, 0, 1 / 3, 1 / 3, 0, 0, 1, 1]],
  ],
  [
    "Clip passes what lies on a bound",
    [numbers(-1, -0.5, 0, 2, 3)],
    (tape, x) => tape.node("Clip", [x, tape.builder.floats([-0.5], []), tape.builder.floats([2], [])]),
    [[0, 2, 3, 4, 0]],
  ],
  [
    "the bounds of Clip get what lies behind them",
    [numbers(-1, -0.5, 0, 2, 3), { shape: [], values: [-0.5] }, { shape: [], values: [2] }],
    of("Clip"),
    [[0, 2, 3, 4, 0], [1], [5]],
  ],
  [
    "the norm of nothing is flat",
    [{ shape: [2, 2], values: [0, 0, 3, 4] }],
    (tape, x) => tape.node("ReduceL2", [x, tape.builder.ints([1])]),
    [[0, 0, 2 * 0.6, 2 * 0.8]],
  ],
  [
    "a norm by Sqrt is flat at 0 too",
    [numbers(0, 0)],
    (tape, x) => tape.node("Sqrt", [tape.node("ReduceSum", [tape.node("Mul", [x, x])])]),
    [[0, 0]],
  ],
  [
    "so is a norm by Pow",
    [numbers(0, 0)],
    (tape, x) => {
      const two = tape.builder.floats([2], []);
      return tape.node("Pow", [tape.node("ReduceSum", [tape.node("Pow", [x, two])]), tape.builder.floats([0.5], [])]);
    },
    [[0, 0]],
  ],
  [
    "powers of 0 have slopes that are numbers",
    [numbers(0, 0, 0, 0), numbers(0, 1, 2, 3)],
    of("Pow"),
    [
      [0, 2, 0, 0],
      [0, 0, 0, 0],
    ],
  ],
  [
    "whole powers of negative numbers have a slope by the base, and none by the exponent",
    [numbers(-2, -3), numbers(3, 2)],
    of("Pow"),
    [
      [12, -12],
      [0, 0],
    ],
  ],
  [
    "to the power of 0, nothing moves",
    [numbers(0, -3)],
    (tape, x) => tape.node("Add", [x, tape.node("Pow", [x, tape.builder.floats([0], [])])]),
    [[1, 2]],
  ],
  [
    "a logarithm of 0 that a mask takes out gets 0",
    [numbers(4, 0)],
    (tape, x) => {
      const some = tape.builder.node("Greater", [x, tape.builder.floats([0], [])]);
      return tape.node("Where", [some, tape.node("Log", [x]), tape.builder.floats([0], [])]);
    },
    [[0.25, 0]],
  ],
  [
    "what Where leaves out gets 0, not a share",
    [numbers(4, 0), numbers(-3, 5)],
    (tape, a, b) => tape.node("Where", [tape.builder.constant("bool", Uint8Array.of(1, 0), [2]), a, b]),
    [
      [1, 0],
      [0, 2],
    ],
  ],
  ["Softmax of logits that are far apart has the gradient 0", [numbers(1000, -1000, 0)], of("Softmax"), [[0, 0, 0]]],
  [
    "LogSoftmax of logits that are far apart takes the sum from the likely one",
    [numbers(1000, -1000, 0)],
    of("LogSoftmax"),
    [[1 - 6, 2, 3]],
  ],
  [
    "ReduceLogSumExp of large numbers stays a number",
    [numbers(1000, 1000, -1000)],
    of("ReduceLogSumExp"),
    [[0.5, 0.5, 0]],
  ],
];

describe("gradients where differences tell nothing:", () => {
  for (const [name, points, build, expected] of cases) {
    it(name, async () => {
      const found = await gradientsAt(points, build);
      expected.forEach((values, i) => {
        values.forEach((value, j) => expect(found[i]?.[j], `input ${i}, value ${j}`).to.be.closeTo(value, 1e-6));
      });
    });
  }
});
