import { quantiseWithinNorm } from "../../../node/core/clipping.ts";
import { applyAggregate, nextExponent } from "../../../node/core/fixedPoint.ts";
import { weightedMean, weightsOf } from "../../../node/core/weightedMean.ts";
import type { Dataset } from "../../../node/data/dataset.ts";
import type { Trainer } from "../../../node/training/trainer.ts";
import type { FederatedPlan } from "./task.ts";

const EXPONENTS = { min: 2, max: 20 };
const INITIAL_EXPONENT = 12;
const WEIGHT_CAP = 2 ** 20;
const CLIP_NORM = 1000;

/**
 * Rounds as participants run them, without a chain or a network between: local training, quantised updates, their exact weighted
 * mean.
 * @returns the params after each round
 */
export async function* federate(
  trainer: Trainer,
  parts: readonly Dataset[],
  { rounds, plan, clipNorm = CLIP_NORM }: FederatedPlan,
  seed: number,
): AsyncGenerator<Float32Array> {
  let params = trainer.initialParams(seed);
  let exponent = INITIAL_EXPONENT;
  for (let round = 1; round <= rounds; round++) {
    const weights = weightsOf(
      parts.map(({ count }) => count),
      WEIGHT_CAP,
    );
    const updates: { values: Int16Array; weight: number }[] = [];
    for (const [member, examples] of parts.entries()) {
      const trained = await trainer.train({
        params,
        examples,
        plan: { ...plan, rounds: { round, of: rounds } },
        seed: [seed, member, round],
      });
      const delta = trained.params.map((value, i) => value - (params[i] as number));
      updates.push({ values: quantiseWithinNorm(delta, exponent, clipNorm), weight: weights[member] as number });
    }
    const aggregate = weightedMean(updates);
    params = applyAggregate(params, aggregate, exponent);
    exponent = nextExponent(exponent, aggregate, EXPONENTS);
    yield params;
  }
}
