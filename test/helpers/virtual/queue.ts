/** Work on a virtual clock: what is due first runs first, and what was added first where both are due. */
export class EventQueue {
  #now: number;
  #added = 0;
  readonly #heap: { readonly at: number; readonly order: number; readonly run: () => Promise<void> | void }[] = [];

  constructor(start: number) {
    this.#now = start;
  }

  /** Seconds. */
  get now(): number {
    return this.#now;
  }

  /** Runs `work` when `seconds` have passed. */
  after(seconds: number, work: () => Promise<void> | void): void {
    const heap = this.#heap;
    let at = heap.push({ at: this.#now + Math.max(0, seconds), order: this.#added++, run: work }) - 1;
    while (at > 0 && this.#isBefore(at, (at - 1) >> 1)) at = this.#swap(at, (at - 1) >> 1);
  }

  /** Runs the next piece of work. @returns false where there is none */
  async step(): Promise<boolean> {
    const heap = this.#heap;
    const next = heap[0];
    if (next === undefined) return false;
    const last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    this.#now = next.at;
    await next.run();
    return true;
  }

  #sink(): void {
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let first = at;
      if (left < this.#heap.length && this.#isBefore(left, first)) first = left;
      if (right < this.#heap.length && this.#isBefore(right, first)) first = right;
      if (first === at) return;
      at = this.#swap(at, first);
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a]!, this.#heap[b]!];
    return one.at < other.at || (one.at === other.at && one.order < other.order);
  }

  #swap(from: number, to: number): number {
    [this.#heap[from], this.#heap[to]] = [this.#heap[to]!, this.#heap[from]!];
    return to;
  }
}
