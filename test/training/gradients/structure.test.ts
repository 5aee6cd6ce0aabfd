import { int, ints } from "../../../node/training/graph/graph.ts";
import { type Build, describeGradients, onBatch, onParams } from "./operands.ts";

/** Each element in a place of its own, so that a wrong place shows: the targets differ. */
const sliced = (
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[],
  steps: readonly number[],
): Build =>
  onBatch([5, 4], (graph, x) =>
    graph.node("Slice", [x, graph.ints(starts), graph.ints(ends), graph.ints(axes), graph.ints(steps)]),
  );

const LAST = Number.MAX_SAFE_INTEGER;

describeGradients("operators that move elements", {
  Flatten: onBatch([2, 3, 2], (graph, x) => {
    const rows = graph.node("Flatten", [x], { axis: int(-2) });
    return graph.node("Reshape", [graph.node("Softmax", [rows]), graph.ints([-1, 12])]);
  }),
  "Reshape that keeps the batch": onBatch([2, 6], (graph, x) => graph.node("Reshape", [x, graph.ints([0, 3, -1])])),
  "Reshape that joins the batch with another axis": onBatch([2, 3], (graph, x, builder) => {
    const rows = graph.node("Reshape", [x, graph.ints([-1, 3])]);
    const product = graph.node("Mul", [rows, builder.param("row", [3], { kind: "normal", stddev: 1 })]);
    return graph.node("Reshape", [product, graph.ints([-1, 2, 3])]);
  }),
  "Transpose to an order that is not its own inverse": onBatch([2, 3, 4], (graph, x) =>
    graph.node("Transpose", [x], { perm: ints([0, 2, 3, 1]) }),
  ),
  "Transpose without an order": onParams([[2, 3, 4]], (graph, a) => graph.node("Transpose", [a])),
  Squeeze: onBatch([1, 3, 1], (graph, x) => graph.node("Squeeze", [x, graph.ints([-1, 1])])),
  "Squeeze of all ones": onParams([[1, 3, 1]], (graph, a) => graph.node("Squeeze", [a])),
  Unsqueeze: onBatch([2, 3], (graph, x) => graph.node("Unsqueeze", [x, graph.ints([1, -1])])),
  "Expand to more axes": onParams([[2, 1, 3]], (graph, a) => graph.node("Expand", [a, graph.ints([4, 2, 5, 3])])),
  "Expand to a smaller shape, which keeps the larger": onParams([[2, 1, 3]], (graph, a) =>
    graph.node("Expand", [a, graph.ints([4, 1])]),
  ),
  "Concat of three": onParams(
    [
      [2, 3],
      [2, 1],
      [2, 4],
    ],
    (graph, a, b, c) => graph.node("Concat", [a, b, c], { axis: int(-1) }),
  ),
  "Concat of a value with itself": onBatch([2, 3], (graph, x) => graph.node("Concat", [x, x], { axis: int(1) })),
  "Concat along the batch": onBatch([2], (graph, x, builder) => {
    const rows = builder.param("rows", [4, 2], { kind: "normal", stddev: 1 });
    const joined = graph.node("Concat", [x, rows, x], { axis: int(0) });
    const all = graph.node("ReduceSum", [graph.node("Mul", [joined, joined]), graph.ints([0])], { keepdims: int(1) });
    return graph.node("Mul", [x, all]);
  }),
  "Split into parts of given sizes": onBatch([2, 6], (graph, x) => {
    const [a, b, c] = graph.nodes("Split", [x, graph.ints([1, 3, 2])], 3, { axis: int(2) });
    const joined = graph.node("ReduceSum", [b, graph.ints([2])], { keepdims: int(1) });
    return graph.node("Concat", [c, graph.node("Mul", [a, joined])], { axis: int(-1) });
  }),
  "Split into equal parts of which one is not used": onBatch([2, 6], (graph, x) => {
    const [a, , c] = graph.nodes("Split", [x], 3, { axis: int(-1), num_outputs: int(3) });
    return graph.node("Mul", [a, c]);
  }),
  "Split into parts of which the last is smaller": onParams([[5, 2]], (graph, x) => {
    const [a, b] = graph.nodes("Split", [x], 2, { axis: int(0), num_outputs: int(2) });
    return graph.node("Concat", [b, a], { axis: int(0) });
  }),
  "Slice of two axes": sliced([1, -3], [4, -1], [1, 2], [1, 1]),
  "Slice in steps": sliced([0, 1], [LAST, 4], [1, 2], [2, 2]),
  "Slice backwards": sliced([-1], [-LAST], [1], [-1]),
  "Slice backwards in steps": sliced([4, 3], [0, -LAST], [1, 2], [-2, -3]),
  "Slice of all of the batch": sliced([0, 1], [LAST, 3], [0, 1], [1, 1]),
  "Slice beyond the end": sliced([2], [99], [2], [1]),
  "Slice without axes": onParams([[5, 4]], (graph, a) =>
    graph.node("Slice", [a, graph.ints([1, 2]), graph.ints([4, 4])]),
  ),
  "Pad on all sides": onBatch([2, 3], (graph, x) =>
    graph.node("Pad", [x, graph.ints([0, 1, 2, 0, 3, 1]), graph.floats([0.7], [])]),
  ),
  "Pad of one axis": onBatch([2, 3], (graph, x) =>
    graph.node("Pad", [x, graph.ints([2, 1]), undefined, graph.ints([-1])]),
  ),
  "Pad that cuts off": onBatch([4, 3], (graph, x) => graph.node("Pad", [x, graph.ints([0, -1, 1, 0, -2, 0])])),
  Tile: onBatch([2, 3], (graph, x) => graph.node("Tile", [x, graph.ints([1, 3, 2])])),
  "Tile of a param": onParams([[2, 1, 3]], (graph, a) => graph.node("Tile", [a, graph.ints([2, 4, 1])])),
  "Tile that repeats nothing": onBatch([2, 3], (graph, x) => graph.node("Tile", [x, graph.ints([1, 1, 1])])),
});
