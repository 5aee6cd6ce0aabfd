/** Something that happens at a time. */
export interface Due {
  /** Seconds. */
  readonly at: number;
  /** Of two at the same time the one with the lower order comes first. */
  readonly order: number;
}

/** A binary heap: what is due first comes out first. */
export class DueQueue<Item extends Due> {
  readonly #heap: Item[] = [];

  get size(): number {
    return this.#heap.length;
  }

  push(item: Item): void {
    const heap = this.#heap;
    let at = heap.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Item;
      if (!isBefore(item, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = item;
  }

  pop(): Item | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    this.#sink(last);
    return first;
  }

  /** Drops what is no longer wanted. */
  keep(isWanted: (item: Item) => boolean): void {
    const kept = this.#heap.filter(isWanted).sort((one, other) => (isBefore(one, other) ? -1 : 1));
    this.#heap.length = 0;
    for (const item of kept) this.#heap.push(item); // in order, it is a heap
  }

  /** Puts `item` where it belongs, from the top on. */
  #sink(item: Item): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const isRight = right < heap.length && isBefore(heap[right] as Item, heap[left] as Item);
      const below = isRight ? right : left;
      const child = heap[below] as Item;
      if (!isBefore(child, item)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = item;
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
