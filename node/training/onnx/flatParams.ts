import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/graph.ts";
import type { TensorSpec } from "../models/model.ts";

/**
 * The flat vector of params at the border of a graph: an input and an output for each of its tensors, which are views of the vector,
 * so that the engine neither cuts it up nor puts it together. A large model is held once or twice less.
 */

/** What the input of tensor `i` is called. */
export const paramName = (i: number): string => `param${i}`;

/** An input for each tensor. */
export function paramInputs(builder: GraphBuilder, tensors: readonly TensorSpec[]): readonly Value[] {
  return tensors.map(({ shape }, i) => builder.input(paramName(i), "float32", shape));
}

/** Declares a value for each tensor an output, called by `prefix` and its place. */
export function paramOutputs(builder: GraphBuilder, values: readonly Value[], prefix: string): void {
  values.forEach((value, i) => builder.output(value, `${prefix}${i}`));
}
