import { seededRandom } from "../core/random.ts";
import type { Learner } from "./learner.ts";

/** Participants that do not do what they should, for simulations and tests. Each is a learner around an honest one. */

/** Trains honestly and sends the opposite (the sign-flipping attack of Li et al. 2019, arXiv:1811.03761). */
export function signFlipping(honest: Learner): Learner {
  return {
    ...honest,
    async localUpdate(params, round) {
      return (await honest.localUpdate(params, round)).map((value) => -value);
    },
  };
}

/**
 * Never trains: returns the global model with a little noise, as a free rider does that wants to look alive.
 * @param stddev of the noise on every param
 */
export function freeRiding(honest: Learner, stddev: number, seed: readonly number[]): Learner {
  return {
    ...honest,
    localUpdate(params, round) {
      const random = seededRandom(...seed, round);
      return Promise.resolve(Float32Array.from(params, () => stddev * random.normal()));
    },
  };
}

/** Adds one step to one coordinate in each leaf, which no accuracy figure would ever show. */
export function tamperedAggregate(aggregate: Int32Array): Int32Array {
  return aggregate.map((value, index) => (index % 128 === 7 ? value + 1 : value));
}
