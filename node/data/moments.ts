/** A spread below this share of the mean is float32's rounding, not a column that changes. */
const CONSTANT = 1e-7;

/** Mean and spread of a stream of numbers, in one pass and without cancellation (Welford, Technometrics 4, 1962). */
export class Moments {
  count = 0;
  mean = 0;
  private squares = 0;

  add(value: number): void {
    this.count++;
    const away = value - this.mean;
    this.mean += away / this.count;
    this.squares += away * (value - this.mean);
  }

  /** Of the population: the mean squared distance from the mean; 0 where there is nothing. */
  get variance(): number {
    return this.count === 0 ? 0 : this.squares / this.count;
  }

  /** See `usableStddev`. */
  get stddev(): number {
    return usableStddev(this.variance, this.mean);
  }
}

/** What a column may be divided by: its standard deviation, or 1 where it never changes. */
export function usableStddev(variance: number, mean: number): number {
  const root = Math.sqrt(Math.max(0, variance));
  return root > CONSTANT * Math.abs(mean) ? root : 1;
}
