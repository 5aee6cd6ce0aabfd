import type { QuantisedUpdate } from "./weightedUpdates.ts";

/**
 * The port of local training. A model's params are one flat vector, tensors in the order and row-major layout of the model
 * spec; nothing outside this folder knows what the numbers mean.
 */

/** Labelled examples, row-major; the same shape as the data folder's `Dataset`. */
export interface Examples {
  readonly count: number;
  readonly width: number;
  readonly classes: number;
  /** Length count·width. */
  readonly features: Float32Array;
  /** Length count, values 0 … classes−1. */
  readonly labels: Int32Array;
}

export interface LocalTraining {
  /** Flat params the training starts from; not changed. */
  readonly params: Float32Array;
  readonly examples: Examples;
  readonly localEpochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Decides the order of the examples in every epoch, and nothing else does. */
  readonly seed: readonly number[];
}

export interface TrainedParams {
  readonly params: Float32Array;
  /** Mini-batch steps that were taken. */
  readonly steps: number;
  /** Seconds inside the engine. */
  readonly engineSeconds: number;
}

export interface Evaluation {
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  /** Share of examples whose largest logit is their label, 0 … 1. */
  readonly accuracy: number;
}

export interface LossGradient {
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  /** Gradient of the mean loss, one value a parameter. */
  readonly gradient: Float32Array;
}

/** A round's updates, to be scored on one participant's examples. */
export interface ScoringRound {
  /** Global params that the updates are relative to; not changed. */
  readonly params: Float32Array;
  readonly updates: readonly QuantisedUpdate[];
  /** Their weighted mean. */
  readonly mean: Float64Array;
  /** Points on the path, 1 … 64. */
  readonly points: number;
  readonly examples: Examples;
}

export interface Trainer {
  readonly parameterCount: number;
  /** Glorot-uniform weights and zero biases, the same for the same seed. */
  initialParams(seed: number): Float32Array;
  /** Mini-batch SGD; a whole local epoch is one call of the engine. Deterministic. */
  train(job: LocalTraining): Promise<TrainedParams>;
  evaluate(params: Float32Array, examples: Examples): Promise<Evaluation>;
  lossGradient(params: Float32Array, examples: Examples): Promise<LossGradient>;
  /** One part an update of the fall in loss along the aggregate's path, in nats (pathScore.ts). */
  contributions(round: ScoringRound): Promise<Float64Array>;
  close(): Promise<void>;
}
