import { int, DATA_TYPE } from "../../../node/training/graph/graph.ts";
import { type Build, describeGradients, onBatch, onParams, positive } from "./operands.ts";

/** Two params that broadcast against each other in both directions, and one against the batch. */
const broadcasting = (operator: string): Record<string, Build> => ({
  [`${operator} of shapes that broadcast both ways`]: onParams(
    [
      [2, 1, 4],
      [3, 1],
    ],
    (graph, a, b) => graph.node(operator, [a, b]),
  ),
  [`${operator} of a batch and a row`]: (builder) => {
    const { graph } = builder;
    const x = builder.example("x", "float32", [2, 3]);
    return graph.node(operator, [x, builder.param("row", [3], { kind: "normal", stddev: 1 })]);
  },
  [`${operator} of a scalar and a batch`]: (builder) => {
    const { graph } = builder;
    const x = builder.example("x", "float32", [2, 3]);
    return graph.node(operator, [builder.param("scalar", [], { kind: "normal", stddev: 1 }), x]);
  },
});

describeGradients("arithmetic", {
  ...broadcasting("Add"),
  ...broadcasting("Sub"),
  ...broadcasting("Mul"),
  "Div by shapes that broadcast both ways": onParams(
    [
      [2, 1, 4],
      [3, 1],
    ],
    (graph, a, b) => graph.node("Div", [a, positive(graph, b)]),
  ),
  "Div of a row by a batch": onBatch([2, 3], (graph, x, builder) =>
    graph.node("Div", [builder.param("row", [3], { kind: "normal", stddev: 1 }), positive(graph, x)]),
  ),
  "a value times itself": onParams([[2, 3]], (graph, a) => graph.node("Mul", [a, a])),
  "Sum of three": onParams([[2, 3], [3], [2, 1]], (graph, a, b, c) => graph.node("Sum", [a, b, c])),
  "Mean of three": onParams([[2, 3], [3], [2, 1]], (graph, a, b, c) => graph.node("Mean", [a, b, c])),
  "Max of three": onParams([[2, 3], [3], [2, 1]], (graph, a, b, c) => graph.node("Max", [a, b, c])),
  "Min of three": onParams([[2, 3], [3], [2, 1]], (graph, a, b, c) => graph.node("Min", [a, b, c])),
  ...broadcasting("Max"),
  ...broadcasting("Min"),
});

const power = (exponent: number): Build =>
  onParams([[2, 3]], (graph, a) => graph.node("Pow", [positive(graph, a), graph.floats([exponent], [])]));

describeGradients("powers", {
  "any base to any exponent, which broadcast": onParams([[2, 3], [3]], (graph, a, b) =>
    graph.node("Pow", [positive(graph, a), b]),
  ),
  "a batch to exponents of a row": onBatch([2, 3], (graph, x, builder) =>
    graph.node("Pow", [positive(graph, x), builder.param("row", [3], { kind: "normal", stddev: 1 })]),
  ),
  "the square, also of what is negative": onParams([[2, 3]], (graph, a) =>
    graph.node("Pow", [a, graph.floats([2], [])]),
  ),
  "the cube, also of what is negative": onParams([[2, 3]], (graph, a) =>
    graph.node("Pow", [a, graph.floats([3], [1])]),
  ),
  "exponents that differ, whole and even": onParams([[2, 3]], (graph, a) =>
    graph.node("Pow", [a, graph.floats([2, 4, 1])]),
  ),
  "an exponent of integers": onParams([[2, 3]], (graph, a) => graph.node("Pow", [a, graph.ints([3], [])])),
  "the square root": power(0.5),
  "the inverse": power(-1),
  "an exponent of 1": power(1),
  "an exponent between": power(1.7),
  Sqrt: onParams([[2, 3]], (graph, a) => graph.node("Sqrt", [positive(graph, a)])),
  Reciprocal: onParams([[2, 3]], (graph, a) => graph.node("Reciprocal", [positive(graph, a)])),
});

const plain = (operator: string): Build => onBatch([2, 3], (graph, x) => graph.node(operator, [x]));
const ofPositive = (operator: string): Build =>
  onBatch([2, 3], (graph, x) => graph.node(operator, [positive(graph, x)]));

/** Steps beside a value that passes, so that there is a gradient at all. */
const stepping = (operator: string): Build =>
  onBatch([2, 3], (graph, x) =>
    graph.node("Mul", [x, graph.node(operator, [graph.node("Mul", [x, graph.floats([3], [])])])]),
  );

describeGradients(
  "functions of one number",
  {
    Neg: plain("Neg"),
    Exp: plain("Exp"),
    Log: ofPositive("Log"),
    Abs: plain("Abs"),
    Erf: plain("Erf"),
    Sin: plain("Sin"),
    Cos: plain("Cos"),
    Identity: plain("Identity"),
    "Floor, which is flat": stepping("Floor"),
    "Ceil, which is flat": stepping("Ceil"),
    "Round, which is flat": stepping("Round"),
    "Sign, which is flat": stepping("Sign"),
  },
  4,
);

describeGradients(
  "choices",
  {
    "Where between a row and a batch": onBatch([2, 3], (graph, x, builder) => {
      const chosen = graph.node("Greater", [x, graph.floats([0.1], [])]);
      return graph.node("Where", [chosen, x, builder.param("row", [3], { kind: "normal", stddev: 1 })]);
    }),
    "Where by a row, between shapes that broadcast both ways": onParams(
      [
        [2, 1, 3],
        [4, 1],
      ],
      (graph, a, b) => graph.node("Where", [graph.constant("bool", Uint8Array.of(1, 0, 1), [3]), a, b]),
    ),
    "Clip to both sides": onBatch([2, 3], (graph, x) =>
      graph.node("Clip", [x, graph.floats([-0.6], []), graph.floats([0.7], [])]),
    ),
    "Clip to one side": onBatch([2, 3], (graph, x) => graph.node("Clip", [x, undefined, graph.floats([0.4], [])])),
    "Cast of numbers to numbers": onBatch([2, 3], (graph, x) =>
      graph.node("Cast", [x], { to: int(DATA_TYPE.float32) }),
    ),
    "Cast to integers, which stops it": onBatch([2, 3], (graph, x) => {
      const whole = graph.node("Cast", [graph.node("Mul", [x, graph.floats([2], [])])], { to: int(DATA_TYPE.int32) });
      return graph.node("Mul", [x, graph.node("Cast", [whole], { to: int(DATA_TYPE.float32) })]);
    }),
  },
  4,
);
