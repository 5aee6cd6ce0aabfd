import type { GraphBuilder } from "../../graph/builder.ts";
import { broadcastAxes, sameShape } from "../../graph/dims.ts";
import { type Value, int } from "../../graph/graph.ts";

/** Undoes broadcasting: sums a gradient over the axes along which a value of shape `like` was repeated. */
export function sumTo(builder: GraphBuilder, gradient: Value, like: Value): Value {
  if (sameShape(gradient.shape, like.shape)) return gradient;
  const axes = broadcastAxes(like.shape, gradient.shape);
  const lead = gradient.shape.length - like.shape.length;
  const onlyLead = axes.every((axis) => axis < lead);
  const summed = builder.node("ReduceSum", [gradient, builder.ints(axes)], { keepdims: int(onlyLead ? 0 : 1) });
  if (onlyLead || lead === 0) return summed;
  return builder.node("Squeeze", [summed, builder.ints(Array.from({ length: lead }, (_, i) => i))]);
}
