import * as tf from "@tensorflow/tfjs-core";
import { PacelineError } from "../../core/errors.ts";

/**
 * One run over a model's graph.
 *
 * - `train`: dropout drops, batch normalisation uses the batch's statistics and moves its running ones
 * - `infer`: the model as it predicts
 */
export class Pass {
  readonly mode: "train" | "infer";
  readonly #statistics = new Map<string, tf.Tensor>();
  readonly #noise: ((dropout: number, shape: readonly number[]) => tf.Tensor) | undefined;
  #dropouts = 0;

  /** @param noise uniforms in [0, 1) of a shape, for the n-th dropout; needed to train with dropout */
  constructor(mode: "train" | "infer", noise?: (dropout: number, shape: readonly number[]) => tf.Tensor) {
    this.mode = mode;
    this.#noise = noise;
  }

  /** A new value of a statistic, by the name of the graph's input; kept until the pass is disposed. */
  note(name: string, value: tf.Tensor): void {
    this.#statistics.get(name)?.dispose();
    this.#statistics.set(name, tf.keep(tf.clone(value)));
  }

  get statistics(): ReadonlyMap<string, tf.Tensor> {
    return this.#statistics;
  }

  dispose(): void {
    for (const value of this.#statistics.values()) value.dispose();
    this.#statistics.clear();
  }

  nextNoise(shape: readonly number[]): tf.Tensor {
    if (this.#noise === undefined) throw new PacelineError("bad-argument", "dropout needs noise to train");
    return this.#noise(this.#dropouts++, shape);
  }
}
