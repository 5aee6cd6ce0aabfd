import * as tf from "@tensorflow/tfjs-core";
import { axisOf } from "../../graph/attributes.ts";
import { type OperatorCall, type Operators, withoutGradient } from "../operator.ts";

/** Operators that make one number out of many along axes. */

type Reduction = (x: tf.Tensor, axes: number[], keep: boolean) => tf.Tensor;

const reduce =
  (work: Reduction) =>
  (call: OperatorCall): tf.Tensor => {
    const x = call.input(0);
    const given = call.numbers(1) ?? call.ints("axes") ?? [];
    if (given.length === 0 && call.int("noop_with_empty_axes", 0) === 1) return tf.clone(x);
    const axes = given.length === 0 ? [...x.shape.keys()] : given.map((axis) => axisOf(axis, x.rank));
    return work(x, axes, call.int("keepdims", 1) === 1);
  };

function argMax(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  const axis = axisOf(call.int("axis", 0), x.rank);
  const found = withoutGradient((value) => tf.argMax(value, axis), x);
  return call.int("keepdims", 1) === 1 ? tf.expandDims(found, axis) : found;
}

export const REDUCTIONS: Operators = {
  ReduceSum: reduce((x, axes, keep) => tf.sum(x, axes, keep)),
  ReduceMean: reduce((x, axes, keep) => tf.mean(x, axes, keep)),
  ReduceMax: reduce((x, axes, keep) => tf.max(x, axes, keep)),
  ReduceMin: reduce((x, axes, keep) => tf.min(x, axes, keep)),
  ReduceSumSquare: reduce((x, axes, keep) => tf.sum(tf.square(x), axes, keep)),
  ReduceL1: reduce((x, axes, keep) => tf.sum(tf.abs(x), axes, keep)),
  ReduceL2: reduce((x, axes, keep) => tf.sqrt(tf.sum(tf.square(x), axes, keep))),
  ReduceLogSumExp: reduce((x, axes, keep) => tf.logSumExp(x, axes, keep)),
  ArgMax: argMax,
};
