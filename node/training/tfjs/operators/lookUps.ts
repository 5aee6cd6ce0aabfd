import * as tf from "@tensorflow/tfjs-core";
import { PacelineError } from "../../../core/errors.ts";
import { axisOf } from "../../graph/attributes.ts";
import { type OperatorCall, type Operators, withoutGradient } from "../operator.ts";

/** Operators that look elements up by number. */

function gather(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  return lookUp(x, tf.cast(call.input(1), "int32"), axisOf(call.int("axis", 0), x.rank));
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
  const axis = axisOf(call.int("axis", 0), x.rank);
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

function oneHot(call: OperatorCall): tf.Tensor {
  const depth = call.numbers(1)?.[0] ?? 0;
  const [off, on] = call.numbers(2) ?? [0, 1];
  const indices = tf.cast(call.input(0), "int32");
  const last = tf.cast(tf.oneHot(indices, depth, on, off), call.input(2).dtype as "float32");
  const axis = axisOf(call.int("axis", -1), indices.rank + 1);
  const order = [...Array(indices.rank).keys()];
  order.splice(axis, 0, indices.rank);
  return tf.transpose(last, order);
}

export const LOOK_UPS: Operators = {
  Gather: gather,
  GatherElements: gatherElements,
  OneHot: oneHot,
};
