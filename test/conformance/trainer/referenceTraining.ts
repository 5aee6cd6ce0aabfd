import { exampleOrder } from "../../../node/training/batches.ts";
import type { Examples, LocalPlan } from "../../../node/training/trainer.ts";
import { type LinearSpec, referenceLossGradient } from "./linearReference.ts";
import { OptimiserReference } from "./optimiserReference.ts";
import { SEED } from "./trials.ts";

/** The reference's params after the plan, in the order of batches that `SEED` gives. */
export function referenceTrained(
  spec: LinearSpec,
  start: Float32Array,
  examples: Examples,
  plan: LocalPlan,
  rate = (_step: number): number => plan.learningRate,
): Float64Array {
  const optimiser = new OptimiserReference(plan.optimiser, Float64Array.from(start));
  let params: Float64Array = Float64Array.from(start);
  const steps = "localSteps" in plan.length ? plan.length.localSteps : Infinity;
  const passes = "localEpochs" in plan.length ? plan.length.localEpochs : Infinity;
  let step = 0;
  for (let pass = 0; pass < passes && step < steps; pass++) {
    const order = [...exampleOrder(examples.count, SEED, pass)];
    for (let start = 0; start < order.length && step < steps; start += plan.batchSize) {
      const { gradient } = referenceLossGradient(spec, params, examples, order.slice(start, start + plan.batchSize));
      params = optimiser.step(params, gradient, rate(step++));
    }
  }
  return params;
}
