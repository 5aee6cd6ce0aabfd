import * as tf from "@tensorflow/tfjs-core";
import { axisOf } from "../../graph/attributes.ts";
import { broadcast } from "../../graph/dims.ts";
import { resolveRange } from "../../graph/shapes/structure.ts";
import { lookUp } from "./lookUps.ts";
import { broadcastTo, type OperatorCall, type Operators } from "../operator.ts";

/** Operators that move elements, look them up, or make new ones. */

function reshape(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  const keepsZero = call.int("allowzero", 0) === 1;
  const shape = call.numbers(1)?.map((size, i) => (size === 0 && !keepsZero ? (x.shape[i] as number) : size)) ?? [];
  return tf.reshape(x, shape);
}

function flatten(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  const axis = call.int("axis", 1);
  const split = axis < 0 ? axis + x.rank : axis;
  const product = (sizes: number[]): number => sizes.reduce((total, size) => total * size, 1);
  return tf.reshape(x, [product(x.shape.slice(0, split)), product(x.shape.slice(split))]);
}

function transpose(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  return tf.transpose(x, [...(call.ints("perm") ?? [...x.shape.keys()].reverse())]);
}

function split(call: OperatorCall): readonly tf.Tensor[] {
  const x = call.input(0);
  const axis = axisOf(call.int("axis", 0), x.rank);
  const total = x.shape[axis] as number;
  const parts = call.node.outputs.length;
  const even = Math.ceil(total / parts);
  const sizes = call.numbers(1) ?? Array.from({ length: parts }, (_, i) => Math.min(even, total - i * even));
  return tf.split(x, [...sizes], axis);
}

function slice(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  const starts = call.numbers(1) ?? [];
  const ends = call.numbers(2) ?? [];
  const axes = call.numbers(3) ?? starts.map((_, i) => i);
  const steps = call.numbers(4);
  return starts.reduce<tf.Tensor>((result, start, i) => {
    const axis = axisOf(axes[i] as number, x.rank);
    const step = steps?.[i] ?? 1;
    const { first, count } = resolveRange({ axis, start, end: ends[i] as number, step }, result.shape[axis] as number);
    return step === 1 ? sliceAxis(result, axis, first, count) : everyNth(result, axis, first, count, step);
  }, x);
}

function sliceAxis(x: tf.Tensor, axis: number, first: number, count: number): tf.Tensor {
  const begin = x.shape.map((_, i) => (i === axis ? first : 0));
  return tf.slice(
    x,
    begin,
    x.shape.map((size, i) => (i === axis ? count : size)),
  );
}

/** tfjs's strided slice has no gradient. */
function everyNth(x: tf.Tensor, axis: number, first: number, count: number, step: number): tf.Tensor {
  const indices = Int32Array.from({ length: count }, (_, i) => first + i * step);
  return lookUp(x, tf.tensor1d(indices, "int32"), axis);
}

function squeeze(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  const axes = call.numbers(1)?.map((axis) => axisOf(axis, x.rank));
  return tf.reshape(
    x,
    x.shape.filter((size, i) => (axes === undefined ? size !== 1 : !axes.includes(i))),
  );
}

function unsqueeze(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  const axes = call.numbers(1) ?? [];
  const rank = x.rank + axes.length;
  const added = axes.map((axis) => axisOf(axis, rank));
  const rest = [...x.shape];
  return tf.reshape(
    x,
    Array.from({ length: rank }, (_, i) => (added.includes(i) ? 1 : (rest.shift() as number))),
  );
}

function expand(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  const to = call.numbers(1) ?? [];
  return broadcastTo(x, broadcast(x.shape, to) as number[]);
}

function pad(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  if (call.text("mode", "constant") !== "constant") throw call.unsupported(`mode "${call.text("mode", "")}"`);
  const pads = call.numbers(1) ?? [];
  const axes = call.numbers(3) ?? [...x.shape.keys()];
  const widths = x.shape.map((): [number, number] => [0, 0]);
  axes.forEach((axis, i) => {
    widths[axisOf(axis, x.rank)] = [pads[i] as number, pads[i + axes.length] as number];
  });
  const added = tf.pad(
    x,
    widths.map(([before, after]): [number, number] => [Math.max(0, before), Math.max(0, after)]),
    call.numbers(2)?.[0] ?? 0,
  );
  // a pad below 0 cuts off
  return tf.slice(
    added,
    widths.map(([before]) => Math.max(0, -before)),
    x.shape.map((size, i) => size + (widths[i]?.[0] ?? 0) + (widths[i]?.[1] ?? 0)),
  );
}

function constantOfShape(call: OperatorCall): tf.Tensor {
  const value = call.node.attributes["value"];
  const shape = [...(call.numbers(0) ?? [])];
  if (value?.kind !== "tensor") return tf.zeros(shape);
  return tf.fill(shape, Number(value.value.data[0]), value.value.type === "float32" ? "float32" : "int32");
}

function shapeOf(call: OperatorCall): tf.Tensor {
  const { shape } = call.input(0);
  return tf.tensor1d(shape.slice(call.int("start", 0), call.int("end", shape.length)), "int32");
}

export const STRUCTURE: Operators = {
  Reshape: reshape,
  Flatten: flatten,
  Transpose: transpose,
  Concat: (call) => tf.concat(call.inputs as tf.Tensor[], axisOf(call.int("axis", 0), call.input(0).rank)),
  Split: split,
  Slice: slice,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Expand: expand,
  Tile: (call) => tf.tile(call.input(0), [...(call.numbers(1) ?? [])]),
  Pad: pad,
  ConstantOfShape: constantOfShape,
  Shape: shapeOf,
  Size: (call) => tf.scalar(call.input(0).size, "int32"),
};
