import type { EvaluationResult } from "./metrics/evaluation.ts";
import type { MetricName } from "./metrics/metric.ts";
import type { OptimiserSpec } from "./optimiserSpec.ts";
import type { ScheduleSpec } from "./scheduleSpec.ts";
import type { QuantisedUpdate } from "./weightedUpdates.ts";

/**
 * The port of local training. A model's params are one flat vector, tensors in the order and row-major layout of the model;
 * nothing outside this folder knows what the numbers mean.
 */

/** A tensor that has a part for every example; the same shape as the data folder's. */
export interface ExampleTensor {
  /** Of one example's part; `[]` is a single number. */
  readonly shape: readonly number[];
  /** Row-major, count · product(shape) values. */
  readonly values: Float32Array | Int32Array;
}

/** Examples with what is to be predicted from them; the same shape as the data folder's `Dataset`. */
export interface Examples {
  readonly count: number;
  readonly inputs: readonly ExampleTensor[];
  /** Int32 classes 0 … classes−1, with −1 for padding; or float32 numbers. */
  readonly targets: ExampleTensor;
  /** 0 where targets are numbers. */
  readonly classes: number;
  /** Where an example is one token: the sentence it is of. */
  readonly groups?: Int32Array;
}

/** How a participant trains in a round. */
export interface LocalPlan {
  /** Passes over the examples; or `localSteps` mini-batches, however many examples there are. */
  readonly length: { readonly localEpochs: number } | { readonly localSteps: number };
  readonly batchSize: number;
  readonly optimiser: OptimiserSpec;
  readonly learningRate: number;
  /** Constant by default. */
  readonly schedule?: ScheduleSpec;
  /** Which round of how many this is, from 1: the schedule goes over all of them, as if each had as many steps. */
  readonly rounds?: { readonly round: number; readonly of: number };
}

export interface LocalTraining {
  /** Flat params the training starts from; not changed. */
  readonly params: Float32Array;
  readonly examples: Examples;
  readonly plan: LocalPlan;
  /** Decides the order of the examples and the masks of dropout, and nothing else does. */
  readonly seed: readonly number[];
}

export interface TrainedParams {
  readonly params: Float32Array;
  /** Mini-batch steps that were taken. */
  readonly steps: number;
  /** Seconds inside the engine. */
  readonly engineSeconds: number;
}

/** What is wanted of an evaluation besides the loss. */
export interface EvaluationRequest {
  readonly metrics?: readonly MetricName[];
  readonly confusion?: boolean;
  /** Of tag sequences: the name of each class. */
  readonly tagNames?: readonly string[];
  /** Of standardised targets: their standard deviation, so that errors come out in the targets' own unit. */
  readonly stddev?: number;
}

export interface LossGradient {
  /** The mean loss over the targets. */
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
  /** The model's initial params, the same for the same seed. */
  initialParams(seed: number): Float32Array;
  /** All of a round's local training is one call of the engine. Deterministic. */
  train(job: LocalTraining): Promise<TrainedParams>;
  /** Outputs as the model's loss reads them (logits for cross-entropies): row-major, count · outputs of one example. */
  predict(params: Float32Array, examples: Pick<Examples, "count" | "inputs">): Promise<Float32Array>;
  evaluate(params: Float32Array, examples: Examples, request?: EvaluationRequest): Promise<EvaluationResult>;
  lossGradient(params: Float32Array, examples: Examples): Promise<LossGradient>;
  /** One part an update of the fall in loss along the aggregate's path, in nats (pathScore.ts). */
  contributions(round: ScoringRound): Promise<Float64Array>;
  close(): Promise<void>;
}
