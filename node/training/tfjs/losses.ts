import * as tf from "@tensorflow/tfjs-core";
import type { LossSpec } from "../models/model.ts";

/** The losses in tfjs, as models/model.ts tells them. */

export interface BatchLoss {
  /** Σ of each target's loss, by its weight; a scalar. */
  readonly sum: tf.Scalar;
  /** Σ of the weights: 1 a target, or its class's weight; 0 for padding. A scalar. */
  readonly weight: tf.Scalar;
}

/**
 * @param outputs [batch, …]
 * @param targets [batch, …] int32 classes or float32 numbers
 */
export function batchLoss(loss: LossSpec, outputs: tf.Tensor, targets: tf.Tensor): BatchLoss {
  const weights = targetWeights(loss, targets);
  const each = eachLoss(loss, outputs, targets);
  const weighted = tf.mul(tf.reshape(each, [-1]), weights);
  return { sum: tf.sum(weighted), weight: tf.sum(weights) };
}

/** The weighted mean; 0 for a batch of nothing but padding. */
export function meanLoss({ sum, weight }: BatchLoss): tf.Scalar {
  return tf.div(sum, tf.maximum(weight, 1e-30));
}

/** One loss a target. */
function eachLoss({ kind }: LossSpec, outputs: tf.Tensor, targets: tf.Tensor): tf.Tensor {
  switch (kind) {
    case "softmax-cross-entropy": {
      const classes = outputs.shape.at(-1) as number;
      // padding has a row of zeros, and so a loss of 0
      const rows = tf.oneHot(tf.reshape(targets, [-1]), classes);
      const logLikelihood = tf.logSoftmax(tf.reshape(outputs, [-1, classes]));
      return tf.neg(tf.sum(tf.mul(logLikelihood, tf.cast(rows, "float32")), 1));
    }
    case "binary-cross-entropy": {
      const logits = tf.reshape(outputs, [-1]);
      return tf.sub(tf.softplus(logits), tf.mul(logits, flatNumbers(targets)));
    }
    case "mean-squared-error":
      return tf.square(tf.sub(tf.reshape(outputs, [-1]), flatNumbers(targets)));
  }
}

function flatNumbers(targets: tf.Tensor): tf.Tensor {
  return tf.cast(tf.reshape(targets, [-1]), "float32");
}

/** What each target counts, [targets]. */
function targetWeights(loss: LossSpec, targets: tf.Tensor): tf.Tensor {
  const flat = tf.reshape(targets, [-1]);
  if (targets.dtype !== "int32") return tf.ones([flat.size]);
  const counts = tf.cast(tf.greaterEqual(flat, 0), "float32");
  if (loss.kind !== "softmax-cross-entropy" || loss.classWeights === undefined) return counts;
  const weights = tf.gather(
    tf.tensor1d([...loss.classWeights]),
    tf.maximum(flat, tf.scalar(0, "int32")) as tf.Tensor1D,
  );
  return tf.mul(weights, counts);
}
