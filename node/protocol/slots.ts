/**
 * What authors said, by their seat or position: a map whose copy with one more entry is cheap, for there is one a message. Keys are
 * whole numbers from 0, ascending; nothing is ever taken out.
 */
export class Slots<Value extends object> implements ReadonlyMap<number, Value> {
  readonly slots: readonly (Value | undefined)[];
  readonly size: number;

  constructor(slots: readonly (Value | undefined)[] = [], size = 0) {
    this.slots = slots;
    this.size = size;
  }

  with(key: number, value: Value): Slots<Value> {
    const slots = this.slots.slice();
    while (slots.length < key) slots.push(undefined);
    slots[key] = value;
    return new Slots(slots, this.has(key) ? this.size : this.size + 1);
  }

  get(key: number): Value | undefined {
    return this.slots[key];
  }

  has(key: number): boolean {
    return this.slots[key] !== undefined;
  }

  *entries(): MapIterator<[number, Value]> {
    for (const [key, value] of this.slots.entries()) if (value !== undefined) yield [key, value];
  }

  *keys(): MapIterator<number> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): MapIterator<Value> {
    for (const value of this.slots) if (value !== undefined) yield value;
  }

  [Symbol.iterator](): MapIterator<[number, Value]> {
    return this.entries();
  }

  forEach(callback: (value: Value, key: number, map: ReadonlyMap<number, Value>) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this);
  }
}
