/**
 * A computation graph of standard ONNX operators (onnx.ai, operator set 21): what a model is, what the differentiator adds to,
 * and what an engine runs. Nodes stand in the order in which they run; a body (of a `Loop` or `Scan`) may use the values of the graph
 * around it.
 */

export type ElementType = "float32" | "int32" | "int64" | "bool";

/** A size, or a multiple of a size that is known only when the graph runs: `"batch"`, `"784*batch"` (dims.ts). */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** What an operator reads and writes. Names are unique in a graph and its bodies. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
}

export type ElementData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** An initialiser: a value that is known when the graph is built. */
export interface Constant extends Value {
  readonly shape: readonly number[];
  /** Row-major; bools are one byte each. */
  readonly data: ElementData;
}

export type Attribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "strings"; readonly value: readonly string[] }
  | { readonly kind: "tensor"; readonly value: Constant }
  | { readonly kind: "graph"; readonly value: Graph };

export type Attributes = Readonly<Record<string, Attribute>>;

export interface Node {
  readonly operator: string;
  /** For people: the name in the file it came from, or "". */
  readonly name: string;
  /** Undefined is an optional input that is left out. */
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

export interface Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly constants: readonly Constant[];
  readonly nodes: readonly Node[];
}

export const int = (value: number): Attribute => ({ kind: "int", value });
export const ints = (value: readonly number[]): Attribute => ({ kind: "ints", value });
export const float = (value: number): Attribute => ({ kind: "float", value });
export const text = (value: string): Attribute => ({ kind: "string", value });

export function isConstant(value: Value): value is Constant {
  return "data" in value;
}

/** `TensorProto.DataType` of ONNX. */
export const DATA_TYPE: Readonly<Record<ElementType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 };
