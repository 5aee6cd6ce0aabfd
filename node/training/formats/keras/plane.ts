import type { GraphBuilder } from "../../graph/builder.ts";
import { ints, type Value } from "../../graph/graph.ts";

/**
 * A tensor between layers. Keras has the channels last, ONNX's convolutions and poolings have them first: between such layers they
 * stay first, so that nothing is transposed to and fro.
 */
export interface Plane {
  readonly value: Value;
  /** Whether the last axis, as Keras sees it, stands behind the batch. */
  readonly moved: boolean;
}

export const plain = (value: Value): Plane => ({ value, moved: false });
export const moved = (value: Value): Plane => ({ value, moved: true });

/** As Keras sees it. */
export function visible(builder: GraphBuilder, { value, moved: isMoved }: Plane): Value {
  if (!isMoved || value.shape.length < 3) return value;
  const rank = value.shape.length;
  const order = [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
  return builder.node("Transpose", [value], { perm: ints(order) });
}

/** With the last axis behind the batch. */
export function channelsFirst(builder: GraphBuilder, { value, moved: isMoved }: Plane): Value {
  if (isMoved || value.shape.length < 3) return value;
  const rank = value.shape.length;
  const order = [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
  return builder.node("Transpose", [value], { perm: ints(order) });
}
