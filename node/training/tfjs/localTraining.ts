import * as tf from "@tensorflow/tfjs-core";
import { type Batches, biasCorrections } from "../batches.ts";
import { dropoutNoise, noiseLength, noiseOffset } from "../dropoutNoise.ts";
import { elementCount, type Model } from "../models/model.ts";
import type { Examples, LocalTraining } from "../trainer.ts";
import { batchTensor, LoadedModel } from "./loadedModel.ts";
import { batchLoss, meanLoss } from "./losses.ts";
import { applyOptimiser, type TrainedTensor, trainedTensor } from "./optimisers.ts";
import { Pass } from "./pass.ts";

/**
 * All mini-batch steps of a round's local training, on the backend that is set.
 * @returns the params after the last step
 */
export function trainLocally(
  model: Model,
  { params, examples, plan, seed }: LocalTraining,
  batches: Batches,
): Float32Array {
  const loaded = new LoadedModel(model, params);
  const tensors = loaded.weights.map((weight) => trainedTensor(weight, plan.optimiser));
  // the first batch is the largest; the plan's may have room for more examples than there are
  const largest = (batches.ends[0] as number) - (batches.starts[0] as number);
  const noise = dropoutNoise(seed, noiseLength(model.graph, largest));
  try {
    batches.starts.forEach((start, step) => {
      const rows = batches.order.subarray(start, batches.ends[step]);
      const pass = new Pass("train", (dropout, shape) => noiseTensor(noise, noiseOffset(step, dropout), shape));
      const rates = { learningRate: batches.learningRates[step] as number, ...biasCorrections(plan.optimiser, step) };
      try {
        tf.tidy(() => {
          const gradients = batchGradients(model, loaded, examples, rows, pass);
          applyOptimiser(plan.optimiser, tensors, gradients, rates);
        });
        loaded.follow(pass);
      } finally {
        pass.dispose();
      }
    });
    return loaded.flat();
  } finally {
    disposeState(tensors);
    loaded.dispose();
  }
}

/** Gradients of the batch's mean loss, one a weight. */
function batchGradients(
  model: Model,
  loaded: LoadedModel,
  { inputs, targets, count }: Examples,
  rows: Int32Array,
  pass: Pass,
): readonly (tf.Tensor | undefined)[] {
  const batch = loaded.inputTensors(inputs, count, rows);
  const goals = batchTensor(targets, count, model.targets.type, rows);
  const { grads } = tf.variableGrads(
    () => meanLoss(batchLoss(model.loss, loaded.outputs(batch, pass), goals)),
    [...loaded.weights],
  );
  return loaded.weights.map(({ name }) => grads[name]);
}

function noiseTensor(noise: Float32Array, offset: number, shape: readonly number[]): tf.Tensor {
  return tf.tensor(noise.slice(offset, offset + elementCount(shape)), [...shape]);
}

function disposeState(tensors: readonly TrainedTensor[]): void {
  for (const { state, start } of tensors) {
    for (const variable of state) variable.dispose();
    start?.dispose();
  }
}
