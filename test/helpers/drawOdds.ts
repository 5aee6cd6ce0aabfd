/** What draws without replacement should come to, worked out by going through every order in which ids can be drawn. */

/** How likely each set of `count` ids is to be drawn by weight, by the set as a bit mask. */
export function setOdds(weights: readonly number[], count: number): ReadonlyMap<number, number> {
  const odds = new Map<number, number>();
  const walk = (mask: number, drawn: number, chance: number): void => {
    if (drawn === count) {
      odds.set(mask, (odds.get(mask) ?? 0) + chance);
      return;
    }
    const left = weights.map((weight, id) => ((mask >> id) & 1 ? 0 : weight));
    const total = left.reduce((sum, weight) => sum + weight, 0);
    left.forEach((weight, id) => {
      if (weight > 0) walk(mask | (1 << id), drawn + 1, (chance * weight) / total);
    });
  };
  walk(0, 0, 1);
  return odds;
}

/** How likely each id is to be in the set, by id. */
export function inclusionOdds(weights: readonly number[], count: number): number[] {
  const odds = [...setOdds(weights, count)];
  return weights.map((_, id) => odds.reduce((sum, [mask, chance]) => sum + ((mask >> id) & 1 ? chance : 0), 0));
}

export const maskOf = (ids: readonly number[]): number => ids.reduce((mask, id) => mask | (1 << id), 0);

/** Pearson's Σ (count − expected)² / expected over classes that are not equally likely, of `trials` in all. */
export function chiSquareAgainst<Class>(
  counts: ReadonlyMap<Class, number>,
  odds: ReadonlyMap<Class, number>,
  trials: number,
): number {
  let sum = 0;
  for (const [one, chance] of odds) sum += ((counts.get(one) ?? 0) - trials * chance) ** 2 / (trials * chance);
  return sum;
}
