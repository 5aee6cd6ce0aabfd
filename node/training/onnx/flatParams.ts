import { Tensor } from "onnxruntime-node";
import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/graph.ts";
import { tensorSlots, type TensorSpec } from "../models/model.ts";

/**
 * The flat vector of params at the border of a graph: an input and an output for each of its tensors, which are views of the vector,
 * so that the engine neither cuts it up nor puts it together. A large model is held once or twice less.
 */

const inputName = (i: number): string => `param${i}`;

/** An input for each tensor. */
export function paramInputs(builder: GraphBuilder, tensors: readonly TensorSpec[]): readonly Value[] {
  return tensors.map(({ shape }, i) => builder.input(inputName(i), "float32", shape));
}

/** Declares a value for each tensor an output, called by `prefix` and its place. */
export function paramOutputs(builder: GraphBuilder, values: readonly Value[], prefix: string): void {
  values.forEach((value, i) => builder.output(value, `${prefix}${i}`));
}

/** What to feed `paramInputs`. */
export function paramFeeds(tensors: readonly TensorSpec[], params: Float32Array): Record<string, Tensor> {
  return views(tensors, params, inputName);
}

/** Where the engine is to write the `paramOutputs` of `prefix`: parts of `vector`. */
export function paramFetches(
  tensors: readonly TensorSpec[],
  vector: Float32Array,
  prefix: string,
): Record<string, Tensor> {
  return views(tensors, vector, (i) => `${prefix}${i}`);
}

function views(
  tensors: readonly TensorSpec[],
  vector: Float32Array,
  nameOf: (i: number) => string,
): Record<string, Tensor> {
  return Object.fromEntries(
    tensorSlots(tensors).map(({ offset, length, shape }, i) => [
      nameOf(i),
      new Tensor("float32", vector.subarray(offset, offset + length), shape),
    ]),
  );
}
