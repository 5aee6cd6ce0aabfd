import { axisOf, intOf } from "../../graph/attributes.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import { multiplyDims } from "../../graph/dims.ts";
import { type Shape, type Value, int, isConstant, text } from "../../graph/graph.ts";
import { type GradientRule, type GradientRules, dense } from "../gradient.ts";
import { putBack } from "./placing.ts";
import { expandLike, isFixed, zerosLike } from "./sizes.ts";

/** Looking up by index: what comes back for an element adds up over all places that it was taken to. */

/** Rows of a table keep few: the gradient is those that were looked up, each with its index. */
const gather: GradientRule = ({ builder, inputs, attributes, atOutputs }) => {
  const [data, indices] = inputs as [Value, Value];
  const atY = atOutputs[0] as Value;
  const axis = axisOf(intOf(attributes, "axis", 0), data.shape.length);
  const known = isConstant(indices) ? positions(indices, data.shape[axis]) : undefined;
  if (known !== undefined)
    return [dense(putBack(builder, flattened(builder, atY, axis, indices), axis, data.shape[axis] as number, known))];
  if (axis === 0 && isFixed(data.shape.slice(1))) return [{ kind: "rows", indices, rows: atY }];
  const updates = flattened(builder, atY, axis, indices);
  const ones = data.shape.length - 1 - axis;
  const column = builder.node("Reshape", [indices, builder.ints([-1, ...Array.from({ length: ones }, () => 1)])]);
  return [dense(scatter(builder, data, expandLike(builder, column, updates), updates, axis))];
};

/** Constant indices counted from the start, where none is there twice. */
function positions(indices: Value, size: Shape[number] | undefined): readonly number[] | undefined {
  if (!isConstant(indices) || typeof size !== "number") return undefined;
  const found = Array.from(indices.data as ArrayLike<number | bigint>, (index) => axisOf(Number(index), size));
  return new Set(found).size === found.length ? found : undefined;
}

/** With one axis in the place of those that the indices made. */
function flattened(builder: GraphBuilder, value: Value, axis: number, indices: Value): Value {
  const rank = indices.shape.length;
  if (rank === 1) return value;
  if (rank === 0) return builder.node("Unsqueeze", [value, builder.ints([axis])]);
  const before = value.shape.slice(0, axis);
  const behind = value.shape.slice(axis + rank);
  const count = multiplyDims(indices.shape);
  // 0 keeps a size that is not known; behind the indices there is one at most, or it takes the −1
  const target = [
    ...before.map((size) => (typeof size === "number" ? size : 0)),
    typeof count === "number" ? count : -1,
    ...behind.map((size) => (typeof size === "number" ? size : -1)),
  ];
  const shape = [...before, count, ...behind];
  return builder.typedNodes("Reshape", [value, builder.ints(target)], [{ type: value.type, shape }])[0] as Value;
}

const gatherElements: GradientRule = ({ builder, inputs, attributes, atOutputs }) => {
  const [data, indices] = inputs as [Value, Value];
  const axis = axisOf(intOf(attributes, "axis", 0), data.shape.length);
  return [dense(scatter(builder, data, indices, atOutputs[0] as Value, axis))];
};

/** Unlike ScatterND, ScatterElements adds repeated indices up right on any number of threads: it works on one. */
function scatter(builder: GraphBuilder, like: Value, indices: Value, updates: Value, axis: number): Value {
  return builder.node("ScatterElements", [zerosLike(builder, like), indices, updates], {
    axis: int(axis),
    reduction: text("add"),
  });
}

export const INDEXING: GradientRules = { Gather: gather, GatherElements: gatherElements };
