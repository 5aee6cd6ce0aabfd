import { int } from "../../../node/training/graph/graph.ts";
import type { GraphBuilder } from "../../../node/training/graph/builder.ts";
import type { Value } from "../../../node/training/graph/graph.ts";
import { NORMAL } from "./operatorCase.ts";
import { type Build, describeGradients, onBatch, onParams } from "./operands.ts";

/** Of a table by the example's own indices, which repeat. */
const looked =
  (
    indices: readonly number[],
    make: (graph: GraphBuilder, table: Value, at: Value) => Value,
    table: readonly number[],
  ): Build =>
  (builder) => {
    const at = builder.example("at", "int32", indices);
    return make(builder.graph, builder.param("table", table, NORMAL), at);
  };

/** [2, indices …, 3] with the batch in front. */
const batchFirst = (graph: GraphBuilder, value: Value): Value =>
  graph.node("Transpose", [value], {
    perm: { kind: "ints", value: [1, 0, ...value.shape.map((_, axis) => axis).slice(2)] },
  });

describeGradients("lookups", {
  "Gather of rows": looked([5], (graph, table, at) => graph.node("Gather", [table, at]), [4, 3]),
  "Gather of rows by one index an example": looked([], (graph, table, at) => graph.node("Gather", [table, at]), [4, 3]),
  "Gather of numbers": looked([2, 3], (graph, table, at) => graph.node("Gather", [table, at]), [4]),
  "Gather of rows of a table that is made of params": looked(
    [5],
    (graph, table, at) => graph.node("Gather", [graph.node("Transpose", [table]), at]),
    [3, 4],
  ),
  "two Gathers of the same table": looked(
    [2],
    (graph, table, at) => {
      const rows = graph.node("Gather", [table, at]);
      return graph.node("Mul", [rows, graph.node("Tanh", [graph.node("Gather", [table, at])])]);
    },
    [4, 3],
  ),
  "a table that is used as a matrix too": looked(
    [2],
    (graph, table, at) => {
      const rows = graph.node("Gather", [table, at]);
      return graph.node("MatMul", [rows, graph.node("Transpose", [table])]);
    },
    [4, 3],
  ),
  "Gather along an axis in the middle": looked(
    [5],
    (graph, table, at) => batchFirst(graph, graph.node("Gather", [table, at], { axis: int(1) })),
    [2, 4, 3],
  ),
  "Gather along the last axis, by indices of two axes": looked(
    [2, 2],
    (graph, table, at) => batchFirst(graph, graph.node("Gather", [table, at], { axis: int(-1) })),
    [2, 4],
  ),
  "Gather along a batch's axis by constant indices that repeat": onBatch([4, 3], (graph, x) =>
    graph.node("Gather", [x, graph.ints([1, 3, 1, 0], [2, 2])], { axis: int(1) }),
  ),
  "Gather of one place": onBatch([4, 3], (graph, x) =>
    graph.node("Gather", [x, graph.ints([-2], [])], { axis: int(1) }),
  ),
  "Gather of places that follow each other": onBatch([4, 3], (graph, x) =>
    graph.node("Gather", [x, graph.ints([1, 2])], { axis: int(1) }),
  ),
  "Gather of some places": onBatch([4, 3], (graph, x) =>
    graph.node("Gather", [x, graph.ints([3, -4, 2], [3, 1])], { axis: int(1) }),
  ),
  "Gather in another order": onBatch([4, 3], (graph, x) =>
    graph.node("Gather", [x, graph.ints([2, 0, 3, 1])], { axis: int(1) }),
  ),
  "Gather of examples": onBatch([3], (graph, x) => {
    const first = graph.node("Gather", [x, graph.ints([0, 2, 0])]);
    return graph.node("Mul", [x, graph.node("ReduceSum", [first, graph.ints([0])], { keepdims: int(0) })]);
  }),
  "GatherElements with indices that repeat": onParams([[4, 3]], (graph, a) =>
    graph.node("GatherElements", [a, graph.ints([1, 3, 0, 1, 1, 2], [2, 3])], { axis: int(0) }),
  ),
  "GatherElements by examples": onBatch([4, 3], (graph, x, builder) => {
    void builder;
    const at = graph.node("Cast", [graph.node("Abs", [graph.node("Sign", [x])])], { to: int(7) });
    return graph.node("GatherElements", [x, at], { axis: int(-1) });
  }),
});
