import type { GraphBuilder } from "../../graph/builder.ts";
import { axisOf } from "../../graph/attributes.ts";
import { sameShape } from "../../graph/dims.ts";
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

/** More ones than this are not worth the room that they take in the graph. */
const MOST_ONES = 2 ** 16;

/**
 * `value` repeated to the shape of `like`; where it is known how often, by a product with ones, which takes a fraction of Expand's
 * time on the CPU.
 */
export function expandLike(builder: GraphBuilder, value: Value, like: Value): Value {
  if (sameShape(value.shape, like.shape)) return value;
  const lead = like.shape.length - value.shape.length;
  const repeats: Shape = like.shape.map((size, i) => (value.shape[i - lead] === size ? 1 : size));
  const alongLastAxis = lead === 0 && repeats.length > 1 && repeats.slice(0, -1).every((times) => times === 1);
  const asMatrices = alongLastAxis && value.type === "float32";
  const ones = onesOf(builder, value, asMatrices ? repeats.slice(-2) : repeats);
  if (ones !== undefined) return builder.node(asMatrices ? "MatMul" : "Mul", [value, ones]);
  const output = { type: value.type, shape: like.shape };
  return builder.typedNodes("Expand", [value, shapeOf(builder, like)], [output])[0] as Value;
}

/** Undefined where they would be too many, or their number is not known. */
function onesOf(builder: GraphBuilder, { type }: Value, shape: Shape): Value | undefined {
  const count = isFixed(shape) ? shape.reduce((product, size) => product * size, 1) : MOST_ONES + 1;
  if (count > MOST_ONES) return undefined;
  const ones = new Array<number>(count).fill(1);
  if (type === "float32") return builder.floats(ones, shape as number[]);
  return type === "int64" ? builder.ints(ones, shape as number[]) : undefined;
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
