import * as tf from "@tensorflow/tfjs-core";
import { axisOf } from "../../graph/attributes.ts";
import type { OperatorCall, Operators } from "../operator.ts";

/** Operators that behave differently while a model is trained, and their kin. */

/** Inverted dropout (Srivastava et al., "Dropout", 2014): what is kept is scaled so that the mean stays. */
function dropout(call: OperatorCall): readonly tf.Tensor[] {
  const x = call.input(0);
  const ratio = call.numbers(1)?.[0] ?? 0.5;
  if (call.pass.mode === "infer" || ratio === 0) return [tf.clone(x), tf.ones(x.shape, "bool")];
  const kept = tf.greaterEqual(call.pass.nextNoise(x.shape), ratio);
  return [tf.mul(x, tf.mul(tf.cast(kept, "float32"), 1 / (1 - ratio))), kept];
}

/** Ba, Kiros and Hinton, "Layer Normalization", 2016: over `axis` and all behind it. */
function layerNormalization(call: OperatorCall): readonly tf.Tensor[] {
  const x = call.input(0);
  const axis = axisOf(call.int("axis", -1), x.rank);
  const axes = [...x.shape.keys()].slice(axis);
  const mean = tf.mean(x, axes, true);
  const centred = tf.sub(x, mean);
  const variance = tf.mean(tf.square(centred), axes, true);
  const inverse = tf.rsqrt(tf.add(variance, call.float("epsilon", 1e-5)));
  const scaled = tf.mul(tf.mul(centred, inverse), call.input(1));
  const bias = call.inputs[2];
  return [bias === undefined ? scaled : tf.add(scaled, bias), mean, inverse];
}

/** Wu and He, "Group Normalization", 2018: over groups of channels, or each channel by itself, of each example. */
function groupNormalization(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  const [examples, channels] = x.shape as [number, number];
  const groups = call.node.operator === "InstanceNormalization" ? channels : call.int("num_groups", 1);
  const grouped = tf.reshape(x, [examples, groups, -1]);
  const centred = tf.sub(grouped, tf.mean(grouped, 2, true));
  const variance = tf.mean(tf.square(centred), 2, true);
  const normalised = tf.mul(centred, tf.rsqrt(tf.add(variance, call.float("epsilon", 1e-5))));
  const perChannel = (i: number): tf.Tensor => tf.reshape(call.input(i), [-1, ...Array<number>(x.rank - 2).fill(1)]);
  return tf.add(tf.mul(tf.reshape(normalised, x.shape), perChannel(1)), perChannel(2));
}

/**
 * Ioffe and Szegedy, "Batch Normalization", 2015, with ONNX's running statistics: running · momentum + batch · (1 − momentum), where
 * the batch's variance is the biased one.
 */
function batchNormalization(call: OperatorCall): readonly tf.Tensor[] {
  const x = call.input(0);
  const perChannel = (value: tf.Tensor): tf.Tensor => tf.reshape(value, [1, -1, ...Array<number>(x.rank - 2).fill(1)]);
  const trained = call.pass.mode === "train";
  const { mean, variance } = trained ? batchStatistics(x) : runningStatistics(call);
  const inverse = tf.rsqrt(tf.add(variance, call.float("epsilon", 1e-5)));
  const scale = perChannel(tf.mul(inverse, call.input(1)));
  const y = tf.add(tf.mul(tf.sub(x, perChannel(mean)), scale), perChannel(call.input(2)));
  return trained ? [y, follow(call, 3, mean), follow(call, 4, variance)] : [y, call.input(3), call.input(4)];
}

/** The rounding of a mean over many peers may put a variance below 0, which has no root. At 0 its slope counts. */
function runningStatistics(call: OperatorCall): { readonly mean: tf.Tensor; readonly variance: tf.Tensor } {
  const variance = call.input(4);
  return { mean: call.input(3), variance: tf.maximum(variance, tf.zerosLike(variance)) };
}

function batchStatistics(x: tf.Tensor): { readonly mean: tf.Tensor; readonly variance: tf.Tensor } {
  const axes = [...x.shape.keys()].filter((axis) => axis !== 1);
  const mean = tf.mean(x, axes, true);
  const variance = tf.mean(tf.square(tf.sub(x, mean)), axes);
  return { mean: tf.reshape(mean, [-1]), variance };
}

/** The running statistic after this batch, noted in the pass; where several nodes share it, each moves it in its turn. */
function follow(call: OperatorCall, input: number, batch: tf.Tensor): tf.Tensor {
  const momentum = call.float("momentum", 0.9);
  const { name } = call.node.inputs[input]!;
  const before = call.pass.statistics.get(name) ?? call.input(input);
  const next = tf.add(tf.mul(before, momentum), tf.mul(batch, 1 - momentum));
  call.pass.note(name, next);
  return next;
}

export const NORMALISATION: Operators = {
  Dropout: dropout,
  LayerNormalization: layerNormalization,
  InstanceNormalization: groupNormalization,
  GroupNormalization: groupNormalization,
  BatchNormalization: batchNormalization,
};
