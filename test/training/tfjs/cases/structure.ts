import { int, ints } from "../../../../node/training/graph/graph.ts";
import { NORMAL } from "../../gradients/operatorCase.ts";
import { type Build, type Builds, on, plain } from "./build.ts";

/** Operators that move, look up or reduce. */

const reduced = (operator: string, axes: readonly number[], keepdims = 1): Build =>
  on([2, 3, 2], (graph, x) => graph.node(operator, [x, graph.ints(axes)], { keepdims: int(keepdims) }));

const sliced = (starts: number[], ends: number[], axes: number[], steps: number[]): Build =>
  on([5, 4], (graph, x) =>
    graph.node("Slice", [x, graph.ints(starts), graph.ints(ends), graph.ints(axes), graph.ints(steps)]),
  );

export const STRUCTURE: Builds = {
  Reshape: on([4, 3], (graph, x) => graph.node("Reshape", [x, graph.ints([0, -1, 2])])),
  Flatten: plain("Flatten", { axis: int(2) }, [2, 3, 2]),
  Transpose: plain("Transpose", { perm: ints([0, 3, 1, 2]) }, [2, 3, 4]),
  Concat: on([2, 3], (graph, x) => graph.node("Concat", [x, graph.node("Neg", [x])], { axis: int(-2) })),
  Split: on([2, 6], (graph, x) => {
    const parts = graph.nodes("Split", [x, graph.ints([1, 3, 2])], 3, { axis: int(-1) });
    return graph.node("Concat", parts.toReversed(), { axis: int(2) });
  }),
  "Split without sizes": on([2, 5], (graph, x) => {
    const parts = graph.nodes("Split", [x], 2, { axis: int(2), num_outputs: int(2) });
    return graph.node("Concat", parts.toReversed(), { axis: int(2) });
  }),
  Slice: sliced([1, -3], [4, 2 ** 31 - 1], [1, 2], [1, 1]),
  "Slice with steps": sliced([0, -1], [5, -5], [1, 2], [2, -1]),
  "Slice with a step back over all": sliced([-1], [-1000], [1], [-2]),
  "Squeeze and Unsqueeze": on([1, 3, 1], (graph, x) =>
    graph.node("Unsqueeze", [graph.node("Squeeze", [x, graph.ints([1])]), graph.ints([-1, 1])]),
  ),
  Expand: on([1, 3], (graph, x) => graph.node("Expand", [x, graph.ints([4, 1])])),
  Tile: on([2, 3], (graph, x) => graph.node("Tile", [x, graph.ints([1, 2, 3])])),
  Pad: on([2, 3], (graph, x) => graph.node("Pad", [x, graph.ints([0, 1, 2, 0, 0, 1]), graph.floats([0.5], [])])),
  "Pad on one axis, cutting": on([2, 3], (graph, x) =>
    graph.node("Pad", [x, graph.ints([-1, 2]), undefined, graph.ints([-1])]),
  ),
  "Gather of rows": (builder) => {
    const at = builder.example("at", "int32", [5]);
    return builder.graph.node("Gather", [builder.param("table", [4, 3], NORMAL), at]);
  },
  "Gather on an inner axis, from behind": on([4, 3], (graph, x) =>
    graph.node("Gather", [x, graph.ints([3, -1, 0, 0], [2, 2])], { axis: int(1) }),
  ),
  "GatherElements on an inner axis, from behind": on([4, 3], (graph, x) =>
    graph.node("GatherElements", [x, graph.ints([1, -1, 0, 3, 3, 2, 0, 0, -4, 1, 2, -2], [3, 2, 2])], { axis: int(1) }),
  ),
  "Gather of one entry": on([4, 3], (graph, x) => graph.node("Gather", [x, graph.ints([-2], [])], { axis: int(-1) })),
  OneHot: (builder) => {
    const at = builder.example("at", "int32", [5]);
    const found = builder.graph.node("OneHot", [at, builder.graph.ints32([4], []), builder.graph.floats([-1, 2])], {
      axis: int(1),
    });
    return builder.graph.node("Add", [found, builder.param("shift", [5], NORMAL)]);
  },
  ArgMax: on([2, 3], (graph, x) =>
    graph.node("Cast", [graph.node("ArgMax", [x], { axis: int(-1), keepdims: int(0) })], { to: int(1) }),
  ),
  Shape: on([2, 3], (graph, x) =>
    graph.node("Add", [x, graph.node("Cast", [graph.node("Shape", [x], { start: int(-1) })], { to: int(1) })]),
  ),
  Size: on([2, 3], (graph, x) => graph.node("Mul", [x, graph.node("Cast", [graph.node("Size", [x])], { to: int(1) })])),
  ConstantOfShape: on([2, 3], (graph, x) => {
    const value = graph.constant("float32", Float32Array.of(2.5), [1]);
    return graph.node("Mul", [
      x,
      graph.node("ConstantOfShape", [graph.ints([2, 3])], { value: { kind: "tensor", value } }),
    ]);
  }),
  ...Object.fromEntries(
    [
      "ReduceSum",
      "ReduceMean",
      "ReduceMax",
      "ReduceMin",
      "ReduceL1",
      "ReduceL2",
      "ReduceSumSquare",
      "ReduceLogSumExp",
    ].map((operator) => [operator, reduced(operator, [1, -1])]),
  ),
  "ReduceMean without the axis": reduced("ReduceMean", [2], 0),
};
