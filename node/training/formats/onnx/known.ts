import { multiplyDims } from "../../graph/dims.ts";
import type { Constant, Dim, ElementData, ElementType, Shape } from "../../graph/graph.ts";
import { elementCount } from "../../models/model.ts";

/**
 * A small tensor whose elements are known while the file is read, as far as they can be: exporters compute shapes from shapes, and
 * there the batch is a name. Booleans are 0 and 1.
 */
export interface Known {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly elements: readonly Dim[];
}

/** A tensor with the same number everywhere, whose size may depend on the batch. */
export interface Filled {
  readonly type: ElementType;
  readonly shape: Shape;
  readonly fill: number;
}

/** Larger tensors are left to the engine. */
export const MAX_KNOWN = 4096;

export function knownOf({ type, shape, data }: Constant): Known | undefined {
  if (data.length > MAX_KNOWN) return undefined;
  return { type, shape, elements: Array.from(data as ArrayLike<number | bigint>, Number) };
}

export function numbersOf({ elements }: Known): readonly number[] | undefined {
  return elements.every((element) => typeof element === "number") ? elements : undefined;
}

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** The tensor's numbers as an engine stores them; undefined where one depends on the batch or does not fit its type. */
export function dataOf(known: Known): ElementData | undefined {
  const numbers = numbersOf(known);
  if (numbers === undefined) return undefined;
  if (known.type === "float32") return Float32Array.from(numbers);
  if (!numbers.every(Number.isInteger)) return undefined;
  if (known.type === "int64") return BigInt64Array.from(numbers, toInt64);
  return known.type === "int32" ? Int32Array.from(numbers) : Uint8Array.from(numbers);
}

/** Ends of slices are often the largest int64, which a number can only come near. */
function toInt64(value: number): bigint {
  const whole = BigInt(value);
  return whole > INT64.max ? INT64.max : whole < INT64.min ? INT64.min : whole;
}

export function vector(elements: readonly Dim[]): Known {
  return { type: "int64", shape: [elements.length], elements };
}

export function scalar(element: Dim, type: ElementType = "int64"): Known {
  return { type, shape: [], elements: [element] };
}

/** The filled tensor element by element; undefined where its size depends on the batch or is not small. */
export function knownFilled({ type, shape, fill }: Filled): Known | undefined {
  const size = multiplyDims(shape);
  if (typeof size !== "number" || size > MAX_KNOWN) return undefined;
  const sizes = shape as readonly number[];
  return { type, shape: sizes, elements: Array.from({ length: elementCount(sizes) }, () => fill) };
}
