import type { GraphBuilder } from "../graph/builder.ts";
import { type Attributes, type Value, text } from "../graph/graph.ts";
import { zerosLike } from "./gradients/sizes.ts";

/** The gradient of a scalar by a value: of the value's shape, or of few rows of a table. */
export type Gradient = DenseGradient | RowsGradient;

export interface DenseGradient {
  readonly kind: "dense";
  readonly value: Value;
}

/** Zero but for rows that were looked up. Indices may repeat; their rows add up. */
export interface RowsGradient {
  readonly kind: "rows";
  /** Integers of any shape, 0 … rows of the table − 1. */
  readonly indices: Value;
  /** The indices' shape, then a row's. */
  readonly rows: Value;
}

export const dense = (value: Value): DenseGradient => ({ kind: "dense", value });

/** What a gradient rule is told of a node. */
export interface GradientQuestion {
  /** The backward pass is added here. */
  readonly builder: GraphBuilder;
  readonly operator: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
  /** Gradients at the outputs; undefined where nothing came back. At least one is there. */
  readonly atOutputs: readonly (Value | undefined)[];
  /** Inputs whose gradient somebody asks for. */
  readonly wanted: readonly boolean[];
}

/**
 * One gradient an input; undefined where none is wanted, or where it is zero everywhere. Shapes are those of the inputs: a rule
 * undoes broadcasting itself (`sumTo`).
 */
export type GradientRule = (question: GradientQuestion) => readonly (Gradient | undefined)[];
export type GradientRules = Readonly<Record<string, GradientRule>>;

/** Rows as a whole table. */
export function toDense(builder: GraphBuilder, gradient: Gradient, table: Value): Value {
  if (gradient.kind === "dense") return gradient.value;
  return addRows(builder, zerosLike(builder, table), gradient);
}

/** table + the rows, each added at its index. */
export function addRows(builder: GraphBuilder, table: Value, { indices, rows }: RowsGradient): Value {
  const row = table.shape.slice(1) as number[];
  const flatRows = indices.shape.length === 1 ? rows : builder.node("Reshape", [rows, builder.ints([-1, ...row])]);
  const flatIndices = builder.node("Reshape", [toInt64(builder, indices), builder.ints([-1, 1])]);
  return builder.node("ScatterND", [table, flatIndices, flatRows], { reduction: text("add") });
}

export function toInt64(builder: GraphBuilder, indices: Value): Value {
  return indices.type === "int64" ? indices : builder.node("Cast", [indices], { to: { kind: "int", value: 7 } });
}
