import * as tf from "@tensorflow/tfjs-core";
import { PacelineError } from "../../../core/errors.ts";
import { broadcast } from "../../graph/dims.ts";
import { resolveRange } from "../../graph/shapes/structure.ts";
import { broadcastTo, type OperatorCall, type Operators, withoutGradient } from "../operator.ts";

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
  const axis = axisIn(call.int("axis", 0), x.rank);
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
    const axis = axisIn(axes[i] as number, x.rank);
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
  const axes = call.numbers(1)?.map((axis) => axisIn(axis, x.rank));
  return tf.reshape(
    x,
    x.shape.filter((size, i) => (axes === undefined ? size !== 1 : !axes.includes(i))),
  );
}

function unsqueeze(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  const axes = call.numbers(1) ?? [];
  const rank = x.rank + axes.length;
  const added = axes.map((axis) => axisIn(axis, rank));
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

function gather(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  return lookUp(x, tf.cast(call.input(1), "int32"), axisIn(call.int("axis", 0), x.rank));
}

/** Entries along an axis by number; −1 is the last. */
export function lookUp(x: tf.Tensor, indices: tf.Tensor, axis: number): tf.Tensor {
  const size = x.shape[axis] as number;
  const fromStart = withoutGradient((i) => tf.where(tf.less(i, 0), tf.add(i, tf.scalar(size, "int32")), i), indices);
  checkRange(fromStart, size);
  if (x.dtype !== "float32") return tf.gather(x, fromStart, axis);
  const rows = axis === 0 ? x : tf.transpose(x, firstAxis(axis, x.rank));
  const found = lookUpRows(rows, tf.reshape(fromStart, [-1]));
  const byIndex = tf.reshape(found, [...indices.shape, ...rows.shape.slice(1)]);
  return axis === 0 ? byIndex : tf.transpose(byIndex, behind(indices.rank, axis, byIndex.rank));
}

/** One element by each index, from the index's own place on the other axes: looked up in the flat tensor. */
function gatherElements(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  const axis = axisIn(call.int("axis", 0), x.rank);
  const size = x.shape[axis] as number;
  const flat = withoutGradient(
    (indices) => {
      const fromStart = tf.where(tf.less(indices, 0), tf.add(indices, tf.scalar(size, "int32")), indices);
      checkRange(fromStart, size);
      return x.shape.reduce<tf.Tensor>(
        (place, length, i) => {
          const line = x.shape.map((_, j) => (j === i ? -1 : 1));
          const own = i === axis ? fromStart : tf.reshape(tf.range(0, indices.shape[i] as number, 1, "int32"), line);
          return tf.add(tf.mul(place, tf.scalar(length, "int32")), own);
        },
        tf.scalar(0, "int32"),
      );
    },
    tf.cast(call.input(1), "int32"),
  );
  return lookUp(tf.reshape(x, [-1]), flat, 0);
}

/** tfjs's own gradient of a look-up goes over the whole table once a row, and wasm does not have it. */
function lookUpRows(table: tf.Tensor, indices: tf.Tensor): tf.Tensor {
  const { shape } = table;
  const look = tf.customGrad((...args) => {
    const [rows, save] = args as [tf.Tensor, tf.GradSaveFunc];
    save([indices]);
    return {
      value: tf.gather(rows, indices as tf.Tensor1D),
      gradFunc: (at: tf.Tensor, [saved]: tf.Tensor[]) => addedRows(saved as tf.Tensor, at, shape),
    };
  });
  return look(table);
}

function addedRows(indices: tf.Tensor, rows: tf.Tensor, shape: number[]): tf.Tensor {
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  const flat = tf.reshape(rows, [indices.size, width]);
  const sum = tf.scatterND(tf.reshape(indices, [indices.size, 1]), flat, [shape[0] as number, width]);
  return tf.reshape(sum, shape);
}

function checkRange(indices: tf.Tensor, size: number): void {
  const stray = (indices.dataSync() as Int32Array).find((index) => index < 0 || index >= size);
  if (stray !== undefined)
    throw new PacelineError("bad-input", `the index ${stray} is outside 0 … ${size - 1} of what is looked up`);
}

/** Brings `axis` to the front. */
function firstAxis(axis: number, rank: number): number[] {
  return [axis, ...[...Array(rank).keys()].filter((i) => i !== axis)];
}

/** Brings `count` axes from the front behind `axis` others. */
function behind(count: number, axis: number, rank: number): number[] {
  const all = [...Array(rank).keys()];
  return [...all.slice(count, count + axis), ...all.slice(0, count), ...all.slice(count + axis)];
}

function pad(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  if (call.text("mode", "constant") !== "constant") throw call.unsupported(`mode "${call.text("mode", "")}"`);
  const pads = call.numbers(1) ?? [];
  const axes = call.numbers(3) ?? [...x.shape.keys()];
  const widths = x.shape.map((): [number, number] => [0, 0]);
  axes.forEach((axis, i) => {
    widths[axisIn(axis, x.rank)] = [pads[i] as number, pads[i + axes.length] as number];
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

type Reduction = (x: tf.Tensor, axes: number[], keep: boolean) => tf.Tensor;

const reduce =
  (work: Reduction) =>
  (call: OperatorCall): tf.Tensor => {
    const x = call.input(0);
    const given = call.numbers(1) ?? call.ints("axes") ?? [];
    if (given.length === 0 && call.int("noop_with_empty_axes", 0) === 1) return tf.clone(x);
    const axes = given.length === 0 ? [...x.shape.keys()] : given.map((axis) => axisIn(axis, x.rank));
    return work(x, axes, call.int("keepdims", 1) === 1);
  };

function argMax(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  const axis = axisIn(call.int("axis", 0), x.rank);
  const found = withoutGradient((value) => tf.argMax(value, axis), x);
  return call.int("keepdims", 1) === 1 ? tf.expandDims(found, axis) : found;
}

function oneHot(call: OperatorCall): tf.Tensor {
  const depth = call.numbers(1)?.[0] ?? 0;
  const [off, on] = call.numbers(2) ?? [0, 1];
  const indices = tf.cast(call.input(0), "int32");
  const last = tf.cast(tf.oneHot(indices, depth, on, off), call.input(2).dtype as "float32");
  const axis = axisIn(call.int("axis", -1), indices.rank + 1);
  const order = [...Array(indices.rank).keys()];
  order.splice(axis, 0, indices.rank);
  return tf.transpose(last, order);
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

export function axisIn(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

export const STRUCTURE: Operators = {
  Reshape: reshape,
  Flatten: flatten,
  Transpose: transpose,
  Concat: (call) => tf.concat(call.inputs as tf.Tensor[], axisIn(call.int("axis", 0), call.input(0).rank)),
  Split: split,
  Slice: slice,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Expand: expand,
  Gather: gather,
  GatherElements: gatherElements,
  Tile: (call) => tf.tile(call.input(0), [...(call.numbers(1) ?? [])]),
  Pad: pad,
  ReduceSum: reduce((x, axes, keep) => tf.sum(x, axes, keep)),
  ReduceMean: reduce((x, axes, keep) => tf.mean(x, axes, keep)),
  ReduceMax: reduce((x, axes, keep) => tf.max(x, axes, keep)),
  ReduceMin: reduce((x, axes, keep) => tf.min(x, axes, keep)),
  ReduceSumSquare: reduce((x, axes, keep) => tf.sum(tf.square(x), axes, keep)),
  ReduceL1: reduce((x, axes, keep) => tf.sum(tf.abs(x), axes, keep)),
  ReduceL2: reduce((x, axes, keep) => tf.sqrt(tf.sum(tf.square(x), axes, keep))),
  ReduceLogSumExp: reduce((x, axes, keep) => tf.logSumExp(x, axes, keep)),
  ArgMax: argMax,
  OneHot: oneHot,
  ConstantOfShape: constantOfShape,
  Shape: shapeOf,
  Size: (call) => tf.scalar(call.input(0).size, "int32"),
};
