import { AGGREGATE_FRACTION_BITS, dequantise } from "../../core/fixedPoint.ts";
import { seededRandom } from "../../core/random.ts";
import { selectExamples, type Dataset } from "../../data/dataset.ts";
import type { Trainer } from "../../training/trainer.ts";
import type { QuantisedUpdate } from "../../training/weightedUpdates.ts";
import { planOf, type JobSpec } from "../job/jobSpec.ts";

/** What a participant does with its data: nothing else in the daemon touches an example. */
export interface Learner {
  /** Training examples, as the participant claims them. */
  readonly exampleCount: number;
  /** local − global params after local training. */
  localUpdate(params: Float32Array, round: number): Promise<Float32Array>;
  /**
   * One contribution an update, measured on this participant's own validation examples (PROTOCOL §6).
   * @param aggregate the updates' exact weighted mean, in 1/256 of their step
   */
  contributions(
    params: Float32Array,
    updates: readonly QuantisedUpdate[],
    aggregate: Int32Array,
  ): Promise<ArrayLike<number>>;
}

/** Validation examples beyond this many are left out of scoring: more would cost time and change scores little. */
const MAX_SCORING_EXAMPLES = 512;

export interface LearnerOptions {
  readonly trainer: Trainer;
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly spec: JobSpec;
  /** Decides the order of examples; each round draws its own. */
  readonly seed: readonly number[];
}

export function createLearner({ trainer, train, validation, spec, seed }: LearnerOptions): Learner {
  const scoring = scoringExamples(validation, seed);
  return {
    exampleCount: train.count,
    async localUpdate(params, round) {
      const trained = await trainer.train({
        params,
        examples: train,
        plan: planOf(spec, round),
        seed: [...seed, round],
      });
      const delta = trained.params; // ours: it came as the answer to this call
      for (let i = 0; i < delta.length; i++) delta[i] = (delta[i] as number) - (params[i] as number);
      return delta;
    },
    contributions(params, updates, aggregate) {
      const exponent = (updates[0]?.exponent ?? 0) + AGGREGATE_FRACTION_BITS;
      const mean = new Float64Array(dequantise(aggregate, exponent));
      return trainer.contributions({ params, updates, mean, points: spec.scoring.points, examples: scoring });
    },
  };
}

/** A sample, for files are often sorted: the first examples may all be of one class. */
function scoringExamples(validation: Dataset, seed: readonly number[]): Dataset {
  if (validation.count <= MAX_SCORING_EXAMPLES) return validation;
  const order = seededRandom(...seed).shuffle(Int32Array.from({ length: validation.count }, (_, i) => i));
  return selectExamples(validation, order.subarray(0, MAX_SCORING_EXAMPLES).toSorted());
}
