import type { Attributes, ElementType, Shape, Value } from "../graph.ts";

/** What a shape rule is told of a node. */
export interface ShapeQuestion {
  readonly operator: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Attributes;
  readonly outputCount: number;
}

export interface Typed {
  readonly type: ElementType;
  readonly shape: Shape;
}

/** Types and shapes of a node's outputs. Throws `unsupported` or `bad-input` where its inputs do not fit. */
export type ShapeRule = (question: ShapeQuestion) => readonly Typed[];
export type ShapeRules = Readonly<Record<string, ShapeRule>>;
