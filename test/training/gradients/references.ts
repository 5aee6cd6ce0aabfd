import * as tf from "@tensorflow/tfjs-core";
import { seededRandom } from "../../../node/core/random.ts";
import { createLoss } from "../../../node/training/metrics/loss.ts";
import type { Model } from "../../../node/training/models/model.ts";
import { onBackend } from "../../../node/training/tfjs/backends.ts";
import { LoadedModel } from "../../../node/training/tfjs/loadedModel.ts";
import { Pass } from "../../../node/training/tfjs/pass.ts";
import { TfjsTrainer } from "../../../node/training/tfjs/tfjsTrainer.ts";
import type { Examples, LossGradient } from "../../../node/training/trainer.ts";

/** Gradients that do not come from the differentiator: tfjs's own, on plain JavaScript, and differences of the loss. */

export async function tfjsGradient(model: Model, params: Float32Array, examples: Examples): Promise<LossGradient> {
  const trainer = new TfjsTrainer(model, { backend: "cpu" });
  try {
    return await trainer.lossGradient(params, examples);
  } finally {
    await trainer.close();
  }
}

/** A param's derivative of the mean loss by differences. */
export interface Difference {
  readonly param: number;
  /** By the distance the param was moved, from far to near: rounding makes the near ones worse, kinks the far ones. */
  readonly slopes: readonly { readonly distance: number; readonly slope: number }[];
}

const DISTANCES = [2 ** -5, 2 ** -7, 2 ** -9];

/**
 * Central differences, extrapolated to an error of the fourth order (Richardson, 1911).
 * @param count how many params, drawn by seed, where the model has more
 */
export async function differences(
  model: Model,
  params: Float32Array,
  examples: Examples,
  count: number,
): Promise<readonly Difference[]> {
  await new TfjsTrainer(model, { backend: "cpu" }).backend();
  const chosen = seededRandom(params.length, count).shuffle(Int32Array.from(params.keys())).subarray(0, count);
  const meanLoss = lossOn(model, examples);
  return onBackend("cpu", () =>
    Array.from(chosen, (param) => {
      const slope = (distance: number): number => {
        const [high, low] = [moved(params, param, distance), moved(params, param, -distance)];
        return (meanLoss(high) - meanLoss(low)) / ((high[param] as number) - (low[param] as number));
      };
      const slopes = DISTANCES.map((distance) => ({
        distance,
        slope: (4 * slope(distance / 2) - slope(distance)) / 3,
      }));
      return { param, slopes };
    }),
  );
}

function moved(params: Float32Array, param: number, by: number): Float32Array {
  return params.map((value, i) => (i === param ? value + by : value));
}

/** The mean loss as a function of the params; from the outputs on in 64 bits, so that differences are exact enough. */
function lossOn(model: Model, examples: Examples): (params: Float32Array) => number {
  return (params) => {
    const loss = createLoss({ loss: model.loss, classes: model.targets.classes });
    loss.add({ outputs: outputsOf(model, params, examples), targets: examples.targets.values });
    return loss.value() as number;
  };
}

function outputsOf(model: Model, params: Float32Array, { inputs, count }: Examples): Float32Array {
  const loaded = new LoadedModel(model, params);
  try {
    return tf.tidy(() => {
      const outputs = loaded.outputs(loaded.inputTensors(inputs, count), new Pass("infer"));
      return Float32Array.from(outputs.dataSync());
    });
  } finally {
    loaded.dispose();
  }
}
