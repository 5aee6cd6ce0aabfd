import { PacelineError } from "../../../core/errors.ts";
import { intOf, intsOf, textOf } from "../attributes.ts";
import { broadcast } from "../dims.ts";
import type { Attributes, Dim, Shape } from "../graph.ts";
import type { ShapeRule, ShapeRules } from "./shapeRule.ts";

/** Matrix products, convolutions, poolings and recurrences. */

const matMul: ShapeRule = ({ inputs }) => {
  const [a, b] = [inputs[0]!, inputs[1]!];
  const left = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const right = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  const lead = broadcast(left.slice(0, -2), right.slice(0, -2));
  if (lead === undefined || left.at(-1) !== right.at(-2))
    throw new PacelineError("bad-input", `MatMul: [${a.shape.join(", ")}] times [${b.shape.join(", ")}]`);
  const rows = a.shape.length === 1 ? [] : [left.at(-2) as Dim];
  const columns = b.shape.length === 1 ? [] : [right.at(-1) as Dim];
  return [{ type: a.type, shape: [...lead, ...rows, ...columns] }];
};

const gemm: ShapeRule = ({ inputs, attributes }) => {
  const [a, b] = [inputs[0]!, inputs[1]!];
  const [rows, inner] = intOf(attributes, "transA", 0) === 1 ? [a.shape[1], a.shape[0]] : a.shape;
  const [innerToo, columns] = intOf(attributes, "transB", 0) === 1 ? [b.shape[1], b.shape[0]] : b.shape;
  if (inner !== innerToo || rows === undefined || columns === undefined)
    throw new PacelineError("bad-input", `Gemm: [${a.shape.join(", ")}] times [${b.shape.join(", ")}]`);
  return [{ type: a.type, shape: [rows, columns] }];
};

/** Windows of a convolution or pooling, by spatial axis. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBefore: readonly number[];
  readonly padsAfter: readonly number[];
  readonly outputs: readonly number[];
}

/**
 * Sizes, pads and number of windows. `spatial` are the input's sizes behind batch and channels.
 * @throws PacelineError `unsupported` where a size is not known before the graph runs
 */
export function windowsOf(
  operator: string,
  attributes: Attributes,
  spatial: Shape,
  kernel: readonly number[],
): Windows {
  const ones = spatial.map(() => 1);
  const strides = intsOf(attributes, "strides") ?? ones;
  const dilations = intsOf(attributes, "dilations") ?? ones;
  const pads = intsOf(attributes, "pads") ?? spatial.flatMap(() => [0, 0]);
  const mode = textOf(attributes, "auto_pad", "NOTSET");
  const ceil = intOf(attributes, "ceil_mode", 0) === 1;
  const axes = spatial.map((size, i) => {
    if (typeof size !== "number")
      throw new PacelineError("unsupported", `${operator}: the size ${size} is not known before the graph runs`);
    const [stride, span] = [strides[i] as number, (dilations[i] as number) * ((kernel[i] as number) - 1) + 1];
    if (mode === "SAME_UPPER" || mode === "SAME_LOWER") {
      const outputs = Math.ceil(size / stride);
      const total = Math.max(0, (outputs - 1) * stride + span - size);
      const less = Math.floor(total / 2);
      const before = mode === "SAME_UPPER" ? less : total - less;
      return { before, after: total - before, outputs };
    }
    const [before, after] = mode === "VALID" ? [0, 0] : [pads[i] as number, pads[i + spatial.length] as number];
    const steps = (size + before + after - span) / stride;
    // a window that would begin in the padding behind the input is left out, as in PyTorch and ONNX
    const rounded = ceil && Math.ceil(steps) * stride < size + before ? Math.ceil(steps) : Math.floor(steps);
    if (rounded < 0)
      throw new PacelineError("bad-input", `${operator}: a window of ${span} is larger than the input's ${size}`);
    return { before, after, outputs: rounded + 1 };
  });
  return {
    kernel,
    strides,
    dilations,
    padsBefore: axes.map(({ before }) => before),
    padsAfter: axes.map(({ after }) => after),
    outputs: axes.map(({ outputs }) => outputs),
  };
}

const conv: ShapeRule = ({ operator, inputs, attributes }) => {
  const [x, weight] = [inputs[0]!, inputs[1]!];
  const groups = intOf(attributes, "group", 1);
  if (x.shape[1] !== (weight.shape[1] as number) * groups)
    throw new PacelineError(
      "bad-input",
      `Conv: ${x.shape[1]} channels, but the kernel takes ${weight.shape[1]} × ${groups}`,
    );
  const { outputs } = windowsOf(operator, attributes, x.shape.slice(2), weight.shape.slice(2) as number[]);
  return [{ type: x.type, shape: [x.shape[0] as Dim, weight.shape[0] as Dim, ...outputs] }];
};

const pool: ShapeRule = ({ operator, inputs, attributes, outputCount }) => {
  const { type, shape } = inputs[0]!;
  const { outputs } = windowsOf(operator, attributes, shape.slice(2), intsOf(attributes, "kernel_shape") ?? []);
  const pooled = [...shape.slice(0, 2), ...outputs];
  return [
    { type, shape: pooled },
    { type: "int64" as const, shape: pooled },
  ].slice(0, outputCount);
};

const globalPool: ShapeRule = ({ inputs }) => {
  const { type, shape } = inputs[0]!;
  return [{ type, shape: shape.map((size, i) => (i < 2 ? size : 1)) }];
};

/** Y [steps, directions, batch, hidden], the last hidden state, and an LSTM's last cell [directions, batch, hidden]. */
const recurrence: ShapeRule = ({ inputs, attributes, outputCount }) => {
  const [x, weights] = [inputs[0]!, inputs[1]!];
  const directions = weights.shape[0] as Dim;
  const hidden = intOf(attributes, "hidden_size", 0);
  const [steps, batch] = x.shape as [Dim, Dim];
  const last = [directions, batch, hidden];
  return [[steps, directions, batch, hidden], last, last]
    .slice(0, outputCount)
    .map((shape) => ({ type: x.type, shape }));
};

export const LAYERS: ShapeRules = {
  MatMul: matMul,
  Gemm: gemm,
  Conv: conv,
  MaxPool: pool,
  AveragePool: pool,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  LSTM: recurrence,
  GRU: recurrence,
  RNN: recurrence,
};
