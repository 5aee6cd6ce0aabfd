import { PacelineError } from "../core/errors.ts";
import { seededRandom } from "../core/random.ts";
import { elementCount, type Model } from "./models/model.ts";
import { adamSettings } from "./adamSettings.ts";
import type { OptimiserSpec } from "./optimiserSpec.ts";
import { learningRateAt } from "./schedule.ts";
import type { Examples, LocalPlan } from "./trainer.ts";

/** The mini-batches of a round's local training, the same for every engine. */
export interface Batches {
  /** Examples in the order in which they are visited, all passes behind each other. */
  readonly order: Int32Array;
  /** Batch t is `order[starts[t] … ends[t] − 1]`; the last of a pass may be smaller. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** By step. */
  readonly learningRates: Float64Array;
}

/** More steps than this in one call would take hours without an answer. */
const MAX_STEPS = 2 ** 24;

/** @throws PacelineError `bad-argument` where the plan is out of range */
export function planBatches(count: number, plan: LocalPlan, seed: readonly number[]): Batches {
  checkPlan(plan);
  const perPass = Math.ceil(count / plan.batchSize);
  const steps = "localSteps" in plan.length ? plan.length.localSteps : plan.length.localEpochs * perPass;
  const passes = Math.ceil(steps / perPass);
  if (steps > MAX_STEPS || passes * count > 2 ** 31 - 1)
    throw new PacelineError("bad-argument", `${steps} steps over ${count} examples are too many for one round`);
  const order = new Int32Array(passes * count);
  for (let pass = 0; pass < passes; pass++) order.set(exampleOrder(count, seed, pass), pass * count);
  const starts = new Int32Array(steps);
  const ends = new Int32Array(steps);
  for (let step = 0; step < steps; step++) {
    const passStart = Math.floor(step / perPass) * count;
    starts[step] = passStart + (step % perPass) * plan.batchSize;
    ends[step] = Math.min((starts[step] as number) + plan.batchSize, passStart + count);
  }
  const { schedule = { kind: "constant" }, rounds = { round: 1, of: 1 } } = plan;
  const before = (rounds.round - 1) * steps;
  const learningRates = Float64Array.from({ length: steps }, (_, step) =>
    learningRateAt(schedule, plan.learningRate, before + step, rounds.of * steps),
  );
  return { order, starts, ends, learningRates };
}

/** The order in which a pass visits the examples: a shuffle that the seed and the pass's index decide. */
export function exampleOrder(count: number, seed: readonly number[], pass: number): Int32Array {
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = i; // ten times faster than Int32Array.from
  return seededRandom(...seed, pass).shuffle(order);
}

/** Adam's corrections of the moments' bias at a step (from 0): 1 / (1 − β₁ᵗ) and 1 / √(1 − β₂ᵗ) with t = step + 1. */
export function biasCorrections(
  optimiser: OptimiserSpec,
  step: number,
): { readonly first: number; readonly second: number } {
  if (optimiser.kind !== "adam" && optimiser.kind !== "adamw") return { first: 1, second: 1 };
  const { beta1, beta2 } = adamSettings(optimiser);
  return { first: 1 / (1 - beta1 ** (step + 1)), second: 1 / Math.sqrt(1 - beta2 ** (step + 1)) };
}

function checkPlan({ length, batchSize, learningRate }: LocalPlan): void {
  const [name, amount] =
    "localSteps" in length ? ["localSteps", length.localSteps] : ["localEpochs", length.localEpochs];
  if (!Number.isInteger(amount) || amount < 1)
    throw new PacelineError("bad-argument", `${name} is at least 1, got ${amount}`);
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new PacelineError("bad-argument", `batchSize is at least 1, got ${batchSize}`);
  if (!(learningRate > 0 && learningRate <= 1000))
    throw new PacelineError("bad-argument", `learningRate is above 0 and at most 1000, got ${learningRate}`);
}

/**
 * What the targets of a set count together in the loss: one each, or their class's weight; padding nothing.
 * @throws PacelineError `bad-argument` where none counts
 */
export function totalTargetWeight({ loss }: Pick<Model, "loss">, { targets, count }: Examples): number {
  if (!(targets.values instanceof Int32Array)) return count * elementCount(targets.shape);
  const classWeights = loss.kind === "softmax-cross-entropy" ? loss.classWeights : undefined;
  let total = 0;
  for (const target of targets.values) if (target >= 0) total += classWeights?.[target] ?? 1;
  if (!(total > 0)) throw new PacelineError("bad-argument", "the examples have no targets that count");
  return total;
}
