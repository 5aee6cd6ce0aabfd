import { badData } from "./fault.ts";

/** Most numbers of one tensor of a data set: a gibibyte of float32 or int32. */
export const MAX_VALUES = 2 ** 28;

/**
 * A typed array that grows as a file is read, so that its length need not be known and nothing else is held.
 * @typeParam T Float32Array or Int32Array
 */
export class Growing<T extends Float32Array | Int32Array> {
  private values: T;
  private filled = 0;
  private readonly maximum: number;
  private readonly file: string;

  /** `file` is named where more than `maximum` values come. */
  constructor(empty: T, file: string, maximum = MAX_VALUES) {
    this.values = empty;
    this.file = file;
    this.maximum = maximum;
  }

  get length(): number {
    return this.filled;
  }

  /** Throws PacelineError `bad-input` beyond the maximum. */
  push(value: number): void {
    if (this.filled === this.values.length) this.reserve(this.filled + 1);
    this.values[this.filled++] = value;
  }

  /** Makes room for `count` values in all; called with the final count where that is known, a set too large fails at once. */
  reserve(count: number): void {
    if (count > this.maximum)
      throw badData({ file: this.file }, `it has more than the ${this.maximum} numbers that fit; take fewer rows`);
    if (count <= this.values.length) return;
    const capacity = Math.min(this.maximum, Math.max(count, 2 * this.values.length, 1024));
    this.values = this.ofLength(capacity);
  }

  /** The values; nothing may be pushed afterwards. */
  take(): T {
    return this.ofLength(this.filled);
  }

  private ofLength(length: number): T {
    const buffer = (this.values.buffer as ArrayBuffer).transfer(length * this.values.BYTES_PER_ELEMENT);
    return (this.values instanceof Float32Array ? new Float32Array(buffer) : new Int32Array(buffer)) as T;
  }
}

export function growingFloats(file: string, maximum?: number): Growing<Float32Array<ArrayBuffer>> {
  return new Growing(new Float32Array(0), file, maximum);
}

export function growingInts(file: string, maximum?: number): Growing<Int32Array<ArrayBuffer>> {
  return new Growing(new Int32Array(0), file, maximum);
}
