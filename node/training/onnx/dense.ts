import { type GraphBuilder, type Value, int } from "./graph.ts";
import type { TensorSlot } from "../modelSpec.ts";

/**
 * Dense layers with ReLU between them, forward and backward, as ONNX nodes. Batches are rows: an activation is
 * [examples, units].
 */

export interface DenseLayer {
  /** [inputs, outputs] */
  readonly weight: Value;
  /** [outputs] */
  readonly bias: Value;
}

export interface ForwardPass {
  /** What each layer reads: the batch, then the ReLU outputs. */
  readonly layerInputs: readonly Value[];
  /** [examples, classes] */
  readonly logits: Value;
}

/** Cuts the flat vector into its tensors. */
export function splitParams(builder: GraphBuilder, params: Value, slots: readonly TensorSlot[]): readonly Value[] {
  const sizes = builder.ints(slots.map((slot) => slot.length));
  const parts = builder.nodes("Split", [params, sizes], slots.length, { axis: int(0) });
  return parts.map((part, i) => builder.node("Reshape", [part, builder.ints((slots[i] as TensorSlot).shape)]));
}

/** The inverse of `splitParams`. */
export function joinParams(builder: GraphBuilder, tensors: readonly Value[]): Value {
  const flat = tensors.map((tensor) => builder.node("Reshape", [tensor, builder.ints([-1])]));
  return builder.node("Concat", flat, { axis: int(0) });
}

/** Pairs tensors in the order of the model spec: weight, bias, weight, bias … */
export function denseLayers(tensors: readonly Value[]): readonly DenseLayer[] {
  return Array.from({ length: tensors.length / 2 }, (_, i) => ({
    weight: tensors[2 * i] as Value,
    bias: tensors[2 * i + 1] as Value,
  }));
}

export function forward(builder: GraphBuilder, layers: readonly DenseLayer[], batch: Value): ForwardPass {
  const layerInputs: Value[] = [];
  let activation = batch;
  layers.forEach(({ weight, bias }, i) => {
    if (i > 0) activation = builder.node("Relu", [activation]);
    layerInputs.push(activation);
    activation = builder.node("Gemm", [activation, weight, bias]);
  });
  return { layerInputs, logits: activation };
}

/**
 * Gradients at each layer's output, given the one at the logits. All are linear in that one: scaled by −learningRate / count
 * they give SGD's step, by 1 / count the mean loss's gradient.
 */
export function outputGradients(
  builder: GraphBuilder,
  layers: readonly DenseLayer[],
  pass: ForwardPass,
  atLogits: Value,
): readonly Value[] {
  const gradients = [atLogits];
  const zero = builder.floats([0], []);
  for (let i = layers.length - 1; i > 0; i--) {
    const input = pass.layerInputs[i] as Value;
    const atInput = builder.node("Gemm", [gradients[0] as Value, (layers[i] as DenseLayer).weight], { transB: int(1) });
    // Greater, Cast, Mul: several times faster than Where or Sign on the CPU
    const active = builder.node("Cast", [builder.node("Greater", [input, zero])], { to: int(FLOAT) });
    gradients.unshift(builder.node("Mul", [atInput, active]));
  }
  return gradients;
}

/** The gradient of a layer's tensors, each added to its value in `base` where one is given: SGD's step in one Gemm. */
export function layerGradient(builder: GraphBuilder, input: Value, atOutput: Value, base?: DenseLayer): DenseLayer {
  const addends = base === undefined ? [] : [base.weight];
  const weight = builder.node("Gemm", [input, atOutput, ...addends], { transA: int(1) });
  const bias = builder.node("ReduceSum", [atOutput, builder.ints([0])], { keepdims: int(0) });
  return { weight, bias: base === undefined ? bias : builder.node("Add", [base.bias, bias]) };
}

/** `TensorProto.DataType.FLOAT` */
const FLOAT = 1;
