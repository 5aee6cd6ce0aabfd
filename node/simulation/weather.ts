import type { Random } from "../core/random.ts";
import type { Conditions } from "./conditions.ts";

/** What chance makes of the conditions: the same seed, the same weather. */
export class Weather {
  readonly conditions: Conditions;
  readonly #random: Random;

  constructor(conditions: Conditions, random: Random) {
    this.conditions = conditions;
    this.#random = random;
  }

  /** Between a tenth of `longest` and it. */
  between(longest: number): number {
    return longest * (0.1 + 0.9 * this.#random.uniform());
  }

  happens(rate: number): boolean {
    return rate > 0 && this.#random.uniform() < rate;
  }
}
