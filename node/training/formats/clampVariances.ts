import type { Value } from "../graph/graph.ts";
import { type Model, tensorSlots } from "../models/model.ts";

/**
 * Running variances below 0, where the rounding of a mean over many peers may put them, become 0, which is what the trainers take them
 * for: a program that reads the file takes their root as they are.
 * @param params the flat vector; not changed
 */
export function clampVariances({ graph, tensors, exampleInputs }: Model, params: Float32Array): Float32Array {
  const variances = new Set(
    graph.nodes
      .filter(({ operator }) => operator === "BatchNormalization")
      .map(({ inputs }) => (inputs[4] as Value).name),
  );
  const clamped = params.slice();
  tensorSlots(tensors).forEach(({ offset, length }, i) => {
    if (!variances.has((graph.inputs[exampleInputs + i] as Value).name)) return;
    for (let at = offset; at < offset + length; at++) clamped[at] = Math.max(0, clamped[at] as number);
  });
  return clamped;
}
