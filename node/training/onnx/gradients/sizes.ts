import type { GraphBuilder } from "../../graph/builder.ts";
import { axisOf } from "../../graph/attributes.ts";
import type { Dim, Shape, Value } from "../../graph/graph.ts";

/** Shapes in gradients: constants where they are known, read from a value when the graph runs where they are not. */

export function isFixed(shape: Shape): shape is readonly number[] {
  return shape.every((size) => typeof size === "number");
}

/** The shape of `value` as int64. */
export function shapeOf(builder: GraphBuilder, value: Value): Value {
  return isFixed(value.shape) ? builder.ints(value.shape) : builder.node("Shape", [value]);
}

/** `value` in the shape of `like`, which has as many elements. */
export function reshapeLike(builder: GraphBuilder, value: Value, like: Value): Value {
  const unknown = like.shape.filter((size) => typeof size === "string");
  const target =
    unknown.length > 1
      ? builder.node("Shape", [like])
      : builder.ints(like.shape.map((size) => (typeof size === "string" ? -1 : size)));
  return builder.typedNodes("Reshape", [value, target], [{ type: value.type, shape: like.shape }])[0] as Value;
}

/** `value` repeated to the shape of `like`. */
export function expandLike(builder: GraphBuilder, value: Value, like: Value): Value {
  const output = { type: value.type, shape: like.shape };
  return builder.typedNodes("Expand", [value, shapeOf(builder, like)], [output])[0] as Value;
}

export function zerosLike(builder: GraphBuilder, value: Value): Value {
  const output = { type: value.type, shape: value.shape };
  return builder.typedNodes("ConstantOfShape", [shapeOf(builder, value)], [output])[0] as Value;
}

/** The size of an axis as int64 [1]. */
export function sizeAt(builder: GraphBuilder, value: Value, axis: number): Value {
  const at = axisOf(axis, value.shape.length);
  const size = value.shape[at] as Dim;
  if (typeof size === "number") return builder.ints([size]);
  return builder.node("Gather", [builder.node("Shape", [value]), builder.ints([at])]);
}
