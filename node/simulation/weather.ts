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

  /** In place. */
  shuffled<T>(items: T[]): T[] {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.#random.below(last + 1);
      [items[last], items[other]] = [items[other] as T, items[last] as T];
    }
    return items;
  }

  happens(rate: number): boolean {
    return rate > 0 && this.#random.uniform() < rate;
  }
}
