/** A weighted mean of a stream of numbers. */
export class Mean {
  #sum = 0;
  #weight = 0;

  add(value: number, weight = 1): void {
    this.#sum += weight * value;
    this.#weight += weight;
  }

  /** Undefined where nothing of positive weight was added. */
  value(): number | undefined {
    return this.#weight > 0 ? this.#sum / this.#weight : undefined;
  }
}
