import * as tf from "@tensorflow/tfjs-core";
import { adamSettings } from "../adamSettings.ts";
import type { AdamSpec, OptimiserSpec } from "../optimiserSpec.ts";

/** One step of an optimiser in tfjs; the formulas are told in optimiserSpec.ts. */

export interface StepRates {
  readonly learningRate: number;
  /** Adam's corrections of the moments' bias (batches.ts); 1 for the others. */
  readonly first: number;
  readonly second: number;
}

/** A param that is trained. */
export interface TrainedTensor {
  readonly param: tf.Variable;
  /** Momentum, or Adam's moments. */
  readonly state: readonly tf.Variable[];
  /** What local training started from; only FedProx reads it. */
  readonly start: tf.Tensor | undefined;
}

export function trainedTensor(param: tf.Variable, { kind, proximal = 0 }: OptimiserSpec): TrainedTensor {
  const size = kind === "sgd" ? 0 : kind === "momentum" ? 1 : 2;
  return {
    param,
    state: Array.from({ length: size }, () => tf.tidy(() => tf.variable(tf.zerosLike(param)))),
    start: proximal > 0 ? tf.clone(param) : undefined,
  };
}

/**
 * Moves params and state.
 * @param gradients one a tensor; undefined where the loss does not depend on it, and then it is not moved
 */
export function applyOptimiser(
  optimiser: OptimiserSpec,
  tensors: readonly TrainedTensor[],
  gradients: readonly (tf.Tensor | undefined)[],
  rates: StepRates,
): void {
  tf.tidy(() => {
    const factor = clipFactor(optimiser, gradients);
    tensors.forEach((tensor, i) => {
      const gradient = gradients[i];
      if (gradient === undefined) return;
      const clipped = factor === undefined ? gradient : tf.mul(gradient, factor);
      moveOne(optimiser, tensor, penalised(optimiser, tensor, clipped), rates);
    });
  });
}

/** limit / max(norm, limit), over all params. */
function clipFactor(
  { clipGradientNorm: limit }: OptimiserSpec,
  gradients: readonly (tf.Tensor | undefined)[],
): tf.Tensor | undefined {
  if (limit === undefined) return undefined;
  const squares = gradients.filter((gradient) => gradient !== undefined).map((gradient) => tf.sum(tf.square(gradient)));
  if (squares.length === 0) return undefined;
  return tf.div(limit, tf.maximum(tf.sqrt(tf.addN(squares)), limit));
}

/** Adds the gradient of an L2 penalty, and of FedProx's distance from the start. */
function penalised(optimiser: OptimiserSpec, { param, start }: TrainedTensor, gradient: tf.Tensor): tf.Tensor {
  const { kind, weightDecay = 0, proximal = 0 } = optimiser;
  let sum = gradient;
  if (weightDecay > 0 && kind !== "adamw") sum = tf.add(sum, tf.mul(param, weightDecay));
  if (start !== undefined) sum = tf.add(sum, tf.mul(tf.sub(param, start), proximal));
  return sum;
}

function moveOne(optimiser: OptimiserSpec, tensor: TrainedTensor, gradient: tf.Tensor, rates: StepRates): void {
  const { param, state } = tensor;
  const step = (by: tf.Tensor): void => param.assign(tf.sub(param, tf.mul(by, rates.learningRate)));
  switch (optimiser.kind) {
    case "sgd":
      return step(gradient);
    case "momentum": {
      const [velocity] = state as readonly [tf.Variable];
      velocity.assign(tf.add(tf.mul(velocity, optimiser.momentum), gradient));
      if (optimiser.nesterov !== true) return step(velocity);
      return step(tf.add(gradient, tf.mul(velocity, optimiser.momentum)));
    }
    case "adam":
    case "adamw":
      return moveByAdam(optimiser, tensor, gradient, rates);
  }
}

function moveByAdam(spec: AdamSpec, { param, state }: TrainedTensor, gradient: tf.Tensor, rates: StepRates): void {
  const { beta1, beta2, epsilon } = adamSettings(spec);
  const [mean, square] = state as readonly [tf.Variable, tf.Variable];
  mean.assign(tf.add(tf.mul(mean, beta1), tf.mul(gradient, 1 - beta1)));
  square.assign(tf.add(tf.mul(square, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
  const root = tf.add(tf.mul(tf.sqrt(square), rates.second), epsilon);
  const decay = spec.kind === "adamw" ? (spec.weightDecay ?? 0) * rates.learningRate : 0;
  const kept = decay > 0 ? tf.mul(param, 1 - decay) : param;
  param.assign(tf.sub(kept, tf.mul(tf.div(mean, root), rates.learningRate * rates.first)));
}
