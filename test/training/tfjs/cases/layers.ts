import { type Attributes, float, int, ints, text } from "../../../../node/training/graph/graph.ts";
import { NORMAL } from "../../gradients/operatorCase.ts";
import { type Build, type Builds, on, plain } from "./build.ts";

/** Matrix products, convolutions and poolings. */

const matrices =
  (left: readonly number[], right: readonly number[]): Build =>
  (builder) => {
    const x = builder.example("x", "float32", left);
    return builder.graph.node("MatMul", [x, builder.param("w", right, NORMAL)]);
  };

const gemm =
  (attributes: Attributes, weight: readonly number[], bias: readonly number[] | undefined): Build =>
  (builder) => {
    const x = builder.example("x", "float32", [4]);
    const w = builder.param("w", weight, NORMAL);
    return builder.graph.node(
      "Gemm",
      bias === undefined ? [x, w] : [x, w, builder.param("b", bias, NORMAL)],
      attributes,
    );
  };

const conv =
  (image: readonly number[], kernel: readonly number[], attributes: Attributes = {}): Build =>
  (builder) => {
    const x = builder.example("x", "float32", image);
    const [w, b] = [builder.param("w", kernel, NORMAL), builder.param("b", [kernel[0]!], NORMAL)];
    return builder.graph.node("Conv", [x, w, b], attributes);
  };

const pooled = (
  operator: string,
  image: readonly number[],
  kernel: readonly number[],
  attributes: Attributes = {},
): Build => on(image, (graph, x) => graph.node(operator, [x], { kernel_shape: ints(kernel), ...attributes }));

export const LAYERS: Builds = {
  "MatMul of vectors and a matrix": matrices([4], [4, 3]),
  "MatMul of stacks and a matrix": matrices([2, 5, 4], [4, 3]),
  "MatMul of a stack and stacks": matrices([2, 5, 4], [2, 4, 3]),
  "MatMul of stacks that are broadcast": matrices([1, 5, 4], [2, 4, 3]),
  "MatMul with a vector": matrices([5, 4], [4]),
  Gemm: gemm({}, [4, 3], [3]),
  "Gemm without a bias": gemm({}, [4, 3], undefined),
  "Gemm, transposed and scaled": gemm({ transB: int(1), alpha: float(0.5), beta: float(-2) }, [3, 4], [1, 3]),
  Conv: conv([2, 5, 6], [3, 2, 3, 2]),
  "Conv with strides and uneven pads": conv([2, 7, 6], [3, 2, 3, 3], {
    strides: ints([2, 3]),
    pads: ints([1, 0, 2, 1]),
  }),
  "Conv with auto_pad": conv([2, 5, 6], [3, 2, 4, 3], { auto_pad: text("SAME_LOWER"), strides: ints([2, 1]) }),
  "Conv with dilations": conv([2, 7, 6], [3, 2, 3, 2], { dilations: ints([2, 3]), pads: ints([1, 1, 1, 1]) }),
  "Conv in groups": conv([4, 5, 5], [6, 2, 3, 3], { group: int(2) }),
  "Conv by channel": conv([3, 5, 5], [3, 1, 3, 3], { group: int(3), pads: ints([1, 1, 1, 1]) }),
  "Conv in one dimension": conv([2, 9], [3, 2, 3], { strides: ints([2]), dilations: ints([2]), pads: ints([0, 3]) }),
  MaxPool: pooled("MaxPool", [2, 6, 4], [2, 2], { strides: ints([2, 2]) }),
  "MaxPool with pads": pooled("MaxPool", [2, 5, 5], [3, 3], { strides: ints([2, 2]), pads: ints([1, 0, 1, 1]) }),
  "MaxPool rounding up": pooled("MaxPool", [2, 6, 5], [2, 3], { strides: ints([3, 3]), ceil_mode: int(1) }),
  "MaxPool in one dimension": pooled("MaxPool", [2, 7], [3], { strides: ints([2]) }),
  AveragePool: pooled("AveragePool", [2, 6, 4], [2, 2], { strides: ints([2, 2]) }),
  "AveragePool with pads that do not count": pooled("AveragePool", [2, 5, 5], [3, 3], {
    strides: ints([2, 2]),
    pads: ints([1, 0, 1, 1]),
  }),
  "AveragePool with pads that count": pooled("AveragePool", [2, 5, 5], [3, 3], {
    strides: ints([2, 2]),
    pads: ints([1, 0, 1, 1]),
    count_include_pad: int(1),
  }),
  "AveragePool rounding up": pooled("AveragePool", [2, 6, 5], [3, 2], {
    strides: ints([2, 2]),
    ceil_mode: int(1),
    pads: ints([1, 1, 1, 1]),
    count_include_pad: int(1),
  }),
  GlobalAveragePool: plain("GlobalAveragePool", {}, [2, 3, 4]),
  GlobalMaxPool: plain("GlobalMaxPool", {}, [2, 3, 4]),
};
