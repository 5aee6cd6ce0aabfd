import type { GraphBuilder } from "../../graph/builder.ts";
import { type Dim, type Value, int, ints } from "../../graph/graph.ts";
import { sizeAt } from "../gradients/sizes.ts";
import type { Direction } from "./recurrence.ts";

/** What all kinds of recurrent layers are put together from. */

/** [steps, batch, n] to [steps, n, batch], and back; or a matrix to its transpose. */
export function transposed(builder: GraphBuilder, value: Value): Value {
  return builder.node("Transpose", [value], { perm: ints(value.shape.length === 2 ? [1, 0] : [0, 2, 1]) });
}

/** [steps, batch, n] to [steps · batch, n]. */
export function asRows(builder: GraphBuilder, value: Value): Value {
  return builder.node("Reshape", [value, builder.ints([-1, value.shape[2] as number])]);
}

/** a · b element by element. */
export function times(builder: GraphBuilder, a: Value, b: Value): Value {
  return builder.node("Mul", [a, b]);
}

/** a − a·b, which is a · (1 − b). */
export function without(builder: GraphBuilder, a: Value, b: Value): Value {
  return builder.node("Sub", [a, times(builder, a, b)]);
}

/** Equal parts along an axis. */
export function parts(builder: GraphBuilder, value: Value, count: number, axis: number): readonly Value[] {
  const size = (value.shape[axis] as number) / count;
  const sizes = builder.ints(Array.from({ length: count }, () => size));
  return builder.nodes("Split", [value, sizes], count, { axis: int(axis) });
}

/**
 * W · x + bias for all steps: [steps, gates · hidden, batch]. The bias is one more column of W, and a one is put behind every input.
 */
export function inputSums(builder: GraphBuilder, x: Value, weight: Value, bias: Value): Value {
  const withOnes = builder.node("Pad", [x, builder.ints([0, 0, 0, 0, 0, 1]), builder.floats([1], [])]);
  const column = builder.node("Unsqueeze", [bias, builder.ints([1])]);
  const weights = builder.node("Concat", [weight, column], { axis: int(1) });
  return builder.node("MatMul", [weights, transposed(builder, withOnes)]);
}

/** The hidden state that each step started from, [steps, batch, hidden]. */
export function previousStates(builder: GraphBuilder, y: Value, { initial, backwards }: Direction): Value {
  const first = builder.node("Unsqueeze", [transposed(builder, initial[0] as Value), builder.ints([0])]);
  const [start, end] = backwards ? [1, Number.MAX_SAFE_INTEGER] : [0, -1];
  const rest = builder.typedNodes(
    "Slice",
    [y, builder.ints([start]), builder.ints([end]), builder.ints([0])],
    [{ type: y.type, shape: ["others", ...y.shape.slice(1)] }],
  );
  const inOrder = backwards ? [...rest, first] : [first, ...rest];
  return builder.typedNodes("Concat", inOrder, [y], { axis: int(0) })[0] as Value;
}

/**
 * Gradients of weights that the same sums read from, as one product.
 * @param atSums [steps · batch, rows of the weights]
 * @param read what the weights were multiplied with, [steps, batch, columns of the weights] each
 */
export function weightGradients(builder: GraphBuilder, atSums: Value, read: readonly Value[]): readonly Value[] {
  const all = read.length === 1 ? (read[0] as Value) : builder.node("Concat", read, { axis: int(2) });
  const product = builder.node("Gemm", [atSums, asRows(builder, all)], { transA: int(1) });
  if (read.length === 1) return [product];
  const sizes = builder.ints(read.map(({ shape }) => shape[2] as number));
  return builder.nodes("Split", [product, sizes], read.length, { axis: int(1) });
}

/** The gradient of a bias that was added to the sums. */
export function biasGradient(builder: GraphBuilder, atSums: Value): Value {
  return builder.node("ReduceSum", [atSums, builder.ints([0])], { keepdims: int(0) });
}

/** The gradient at the inputs, [steps, batch, inputs]. */
export function inputGradient(builder: GraphBuilder, atSums: Value, { x, inputWeight }: Direction): Value {
  const product = builder.node("Gemm", [atSums, inputWeight]);
  const [steps, , inputs] = x.shape as [Dim, Dim, number];
  const target = typeof steps === "number" ? builder.ints([steps, -1, inputs]) : builder.node("Shape", [x]);
  return builder.typedNodes("Reshape", [product, target], [x])[0] as Value;
}

/** A state of zeros, [hidden, batch]. */
export function zeroColumns(builder: GraphBuilder, x: Value, hidden: number): Value {
  const batch = x.shape[1] as Dim;
  const shape = builder.node("Concat", [builder.ints([hidden]), sizeAt(builder, x, 1)], { axis: int(0) });
  return builder.typedNodes("ConstantOfShape", [shape], [{ type: x.type, shape: [hidden, batch] }])[0] as Value;
}
