import { int } from "../../../node/training/graph/graph.ts";
import { type Build, describeGradients, onBatch, onParams, positive } from "./operands.ts";

const reduced = (operator: string, axes: readonly number[] | undefined, keepdims: number): Build =>
  onBatch([2, 3, 4], (graph, x) =>
    graph.node(operator, axes === undefined ? [x] : [x, graph.ints(axes)], { keepdims: int(keepdims) }),
  );

const both = (operator: string): Record<string, Build> => ({
  [`${operator} of an axis in the middle, which goes`]: reduced(operator, [2], 0),
  [`${operator} of two axes, which stay`]: reduced(operator, [-1, 1], 1),
  [`${operator} of two axes, which go`]: reduced(operator, [3, 1], 0),
  [`${operator} of all axes of a param`]: onParams([[2, 3]], (graph, a) =>
    graph.node(operator, [a], { keepdims: int(0) }),
  ),
});

/** Behind a product with the example, so that every example has a gradient of its own. */
const overBatch = (operator: string): Build =>
  onBatch([2, 3], (graph, x) =>
    graph.node("Mul", [x, graph.node(operator, [x, graph.ints([0, 2])], { keepdims: int(1) })]),
  );

describeGradients("reductions", {
  ...both("ReduceSum"),
  ...both("ReduceMean"),
  ...both("ReduceMax"),
  ...both("ReduceMin"),
  ...both("ReduceL1"),
  ...both("ReduceL2"),
  ...both("ReduceSumSquare"),
  ...both("ReduceLogSumExp"),
  "ReduceSum over the batch": overBatch("ReduceSum"),
  "ReduceMean over the batch, whose size is not known": overBatch("ReduceMean"),
  "ReduceMean of nothing, which passes": onBatch([2, 3], (graph, x) =>
    graph.node("ReduceMean", [x, graph.ints([])], { noop_with_empty_axes: int(1) }),
  ),
});

const softmax = (operator: string, axis: number | undefined): Build =>
  onBatch([2, 3, 4], (graph, x) => graph.node(operator, [x], axis === undefined ? {} : { axis: int(axis) }));

const cumSum = (exclusive: number, reverse: number): Build =>
  onBatch([4, 3], (graph, x) =>
    graph.node("CumSum", [x, graph.ints([1], [])], { exclusive: int(exclusive), reverse: int(reverse) }),
  );

describeGradients("softmax and running sums", {
  "Softmax of the last axis": softmax("Softmax", undefined),
  "Softmax of an axis in the middle": softmax("Softmax", 1),
  "Softmax of an axis counted from the end": softmax("Softmax", -2),
  "LogSoftmax of the last axis": softmax("LogSoftmax", undefined),
  "LogSoftmax of an axis in the middle": softmax("LogSoftmax", 2),
  "LogSoftmax of the logarithms' own scale": onParams([[2, 3]], (graph, a) =>
    graph.node("LogSoftmax", [positive(graph, a)], { axis: int(0) }),
  ),
  CumSum: cumSum(0, 0),
  "CumSum of what is before": cumSum(1, 0),
  "CumSum from the end": cumSum(0, 1),
  "CumSum of what is behind": cumSum(1, 1),
});
