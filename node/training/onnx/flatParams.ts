import type { GraphBuilder } from "../graph/builder.ts";
import { type Value, int } from "../graph/graph.ts";
import { tensorSlots, type TensorSpec } from "../models/model.ts";

/** Cuts the flat vector into its tensors. */
export function splitParams(builder: GraphBuilder, params: Value, tensors: readonly TensorSpec[]): readonly Value[] {
  const slots = tensorSlots(tensors);
  const sizes = builder.ints(slots.map(({ length }) => length));
  const parts = builder.nodes("Split", [params, sizes], slots.length, { axis: int(0) });
  return parts.map((part, i) => builder.node("Reshape", [part, builder.ints(slots[i]?.shape ?? [])]));
}

/** The inverse of `splitParams`. */
export function joinParams(builder: GraphBuilder, tensors: readonly Value[]): Value {
  const flat = tensors.map((tensor) => builder.node("Reshape", [tensor, builder.ints([-1])]));
  return flat.length === 1 ? (flat[0] as Value) : builder.node("Concat", flat, { axis: int(0) });
}
