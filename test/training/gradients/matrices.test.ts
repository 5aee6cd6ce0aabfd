import { type Attributes, float, int, ints } from "../../../node/training/graph/graph.ts";
import { type Build, describeGradients, onBatch, onParams } from "./operands.ts";

type Shape = readonly number[];

const product = (a: Shape, b: Shape): Build => onParams([a, b], (graph, x, y) => graph.node("MatMul", [x, y]));

describeGradients("MatMul", {
  "a matrix times a matrix": product([2, 3], [3, 4]),
  "a stack times a matrix": product([5, 2, 3], [3, 4]),
  "a stack of stacks times a matrix": product([2, 2, 2, 3], [3, 4]),
  "a stack times a stack": product([5, 2, 3], [5, 3, 4]),
  "stacks that broadcast both ways": product([2, 1, 2, 3], [3, 3, 4]),
  "a matrix times a stack": product([2, 3], [5, 3, 4]),
  "a row times a matrix": product([3], [3, 4]),
  "a row times a stack": product([3], [5, 3, 4]),
  "a matrix times a column": product([2, 3], [3]),
  "a stack times a column": product([5, 2, 3], [3]),
  "a row times a column": product([3], [3]),
  "a batch of rows times a matrix": onBatch([2, 3], (graph, x, builder) =>
    graph.node("MatMul", [x, builder.param("w", [3, 4], { kind: "normal", stddev: 1 })]),
  ),
  "a batch times itself": onBatch([2, 3], (graph, x) =>
    graph.node("MatMul", [x, graph.node("Transpose", [x], { perm: ints([0, 2, 1]) })]),
  ),
  "rows whose number is the batch's, on both sides": onBatch([3], (graph, x) => {
    const crossed = graph.node("MatMul", [graph.node("Transpose", [x]), x]);
    return graph.node("MatMul", [x, crossed]);
  }),
  "stacks whose inner size is the batch's": onBatch([2, 3], (graph, x) => {
    const turned = graph.node("Transpose", [x], { perm: ints([1, 2, 0]) });
    const rows = graph.node("Squeeze", [
      graph.node("Slice", [x, graph.ints([0]), graph.ints([1]), graph.ints([1])]),
      graph.ints([1]),
    ]);
    const joined = graph.node("MatMul", [turned, rows]);
    return graph.node("MatMul", [x, graph.node("ReduceSum", [joined, graph.ints([0])], { keepdims: int(0) })]);
  }),
});

const gemm = (attributes: Attributes, c: Shape | undefined): Build => {
  const [transA, transB] = ["transA", "transB"].map((name) => attributes[name]?.kind === "int");
  const a = transA === true ? [3, 2] : [2, 3];
  const b = transB === true ? [4, 3] : [3, 4];
  return onParams(c === undefined ? [a, b] : [a, b, c], (graph, ...params) => graph.node("Gemm", params, attributes));
};

const scaled = { alpha: float(0.7), beta: float(-1.3) };

describeGradients("Gemm", {
  "as it is": gemm({}, [4]),
  "with the left side transposed": gemm({ transA: int(1) }, [2, 4]),
  "with the right side transposed": gemm({ transB: int(1) }, [1, 4]),
  "with both sides transposed": gemm({ transA: int(1), transB: int(1) }, [2, 1]),
  "with factors": gemm(scaled, [4]),
  "with factors, the left side transposed": gemm({ ...scaled, transA: int(1) }, [2, 4]),
  "with factors, the right side transposed": gemm({ ...scaled, transB: int(1) }, [2, 1]),
  "with factors, both sides transposed": gemm({ ...scaled, transA: int(1), transB: int(1) }, [1]),
  "with a scalar to add": gemm(scaled, []),
  "with nothing to add": gemm(scaled, undefined),
  "of a batch": onBatch([3], (graph, x, builder) =>
    graph.node("Gemm", [x, builder.param("w", [4, 3], { kind: "normal", stddev: 1 })], { ...scaled, transB: int(1) }),
  ),
});
