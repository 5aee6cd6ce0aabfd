import { PacelineError } from "../../../core/errors.ts";
import { axisOf, constantNumbers, intOf, intsOf, textOf } from "../../graph/attributes.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import { type Dim, type Value, int, ints } from "../../graph/graph.ts";
import { resolveRange, sliceRanges } from "../../graph/shapes/structure.ts";
import { type GradientRule, type GradientRules, dense } from "../gradient.ts";
import { sumTo } from "./broadcasting.ts";
import { putBack } from "./placing.ts";
import { isFixed, reshapeLike, sizeAt, zerosLike } from "./sizes.ts";

/** Operators that move elements and change none. */

const identity: GradientRule = ({ atOutputs }) => [dense(atOutputs[0] as Value)];

const reshape: GradientRule = ({ builder, inputs, atOutputs }) => [
  dense(reshapeLike(builder, atOutputs[0] as Value, inputs[0] as Value)),
];

const transpose: GradientRule = ({ builder, attributes, atOutputs }) => {
  const order = intsOf(attributes, "perm");
  const back = order === undefined ? {} : { perm: ints(order.map((_, axis) => order.indexOf(axis))) };
  return [dense(builder.node("Transpose", [atOutputs[0]], back))];
};

const expand: GradientRule = ({ builder, inputs, atOutputs }) => [
  dense(sumTo(builder, atOutputs[0] as Value, inputs[0] as Value)),
];

const concat: GradientRule = ({ builder, inputs, attributes, atOutputs }) => {
  const parts = inputs as readonly Value[];
  const axis = axisOf(intOf(attributes, "axis", 0), (parts[0] as Value).shape.length);
  const sizes = sizesAt(builder, parts, axis);
  return builder.typedNodes("Split", [atOutputs[0], sizes], parts, { axis: int(axis) }).map(dense);
};

/** Sizes along an axis, int64 [values]. */
function sizesAt(builder: GraphBuilder, values: readonly Value[], axis: number): Value {
  const sizes = values.map(({ shape }) => shape[axis] as Dim);
  if (isFixed(sizes)) return builder.ints(sizes);
  return builder.node(
    "Concat",
    values.map((value) => sizeAt(builder, value, axis)),
    { axis: int(0) },
  );
}

const split: GradientRule = ({ builder, inputs, outputs, attributes, atOutputs }) => {
  const whole = inputs[0] as Value;
  const axis = axisOf(intOf(attributes, "axis", 0), whole.shape.length);
  const parts = outputs.map((output, i) => atOutputs[i] ?? zerosLike(builder, output));
  return [dense(builder.typedNodes("Concat", parts, [whole], { axis: int(axis) })[0] as Value)];
};

/** Axis by axis, for each is cut by itself. */
const slice: GradientRule = ({ builder, inputs, atOutputs }) => {
  const whole = inputs[0] as Value;
  const gradient = sliceRanges(inputs).reduce((value, range) => {
    const size = whole.shape[range.axis];
    // an axis whose size is not known is never cut
    if (typeof size !== "number") return value;
    const { first, count } = resolveRange(range, size);
    return putBack(
      builder,
      value,
      range.axis,
      size,
      Array.from({ length: count }, (_, i) => first + i * range.step),
    );
  }, atOutputs[0] as Value);
  return [dense(gradient)];
};

/** What was added is cut off, and what was cut off (by negative pads) is added. */
const pad: GradientRule = ({ builder, inputs, attributes, atOutputs, wanted }) => {
  const mode = textOf(attributes, "mode", "constant");
  if (mode !== "constant" || wanted[2] === true)
    throw new PacelineError("unsupported", `Pad has a gradient for a constant value only, not with the mode ${mode}`);
  const back = builder.ints(constantNumbers(inputs[1], "Pad: the pads").map((size) => -size));
  return [dense(builder.node("Pad", [atOutputs[0], back, undefined, inputs[3]]))];
};

/** The copies become axes of their own, to be summed over. */
const tile: GradientRule = ({ builder, inputs, atOutputs }) => {
  const { shape } = inputs[0] as Value;
  const repeats = constantNumbers(inputs[1], "Tile: the repeats");
  const axes = shape.flatMap((size, i) => (repeats[i] === 1 ? [size] : [repeats[i] as number, size]));
  const copies = repeats.flatMap((count, i) =>
    count === 1 ? [] : [i + repeats.slice(0, i).filter((before) => before !== 1).length],
  );
  if (copies.length === 0) return [dense(atOutputs[0] as Value)];
  if (axes.filter((size) => typeof size === "string").length > 1)
    throw new PacelineError("unsupported", `Tile of [${shape.join(", ")}] has no gradient: two sizes are not known`);
  const target = builder.ints(axes.map((size) => (typeof size === "string" ? -1 : size)));
  const apart = builder.node("Reshape", [atOutputs[0], target]);
  return [dense(builder.node("ReduceSum", [apart, builder.ints(copies)], { keepdims: int(0) }))];
};

export const STRUCTURE: GradientRules = {
  Identity: identity,
  Cast: identity,
  Flatten: reshape,
  Reshape: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Transpose: transpose,
  Expand: expand,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Tile: tile,
};
