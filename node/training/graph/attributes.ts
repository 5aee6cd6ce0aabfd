import { PacelineError } from "../../core/errors.ts";
import { type Attributes, type Value, isConstant } from "./graph.ts";

/** Typed reading of what a node was given. */

export function intOf(attributes: Attributes, name: string, otherwise: number): number {
  const attribute = attributes[name];
  return attribute?.kind === "int" ? attribute.value : otherwise;
}

export function floatOf(attributes: Attributes, name: string, otherwise: number): number {
  const attribute = attributes[name];
  return attribute?.kind === "float" ? attribute.value : otherwise;
}

export function intsOf(attributes: Attributes, name: string): readonly number[] | undefined {
  const attribute = attributes[name];
  return attribute?.kind === "ints" ? attribute.value : undefined;
}

export function textOf(attributes: Attributes, name: string, otherwise: string): string {
  const attribute = attributes[name];
  return attribute?.kind === "string" ? attribute.value : otherwise;
}

/** The numbers of a constant. Throws `unsupported` for a value that is known only when the graph runs. */
export function constantNumbers(value: Value | undefined, what: string): readonly number[] {
  if (value !== undefined && isConstant(value)) return Array.from(value.data as ArrayLike<number | bigint>, Number);
  throw new PacelineError("unsupported", `${what} must be constant`);
}

/** An axis counted from the end where it is negative. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
