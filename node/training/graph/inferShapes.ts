import { PacelineError } from "../../core/errors.ts";
import { ELEMENTWISE } from "./shapes/elementwise.ts";
import { LAYERS } from "./shapes/layers.ts";
import type { ShapeQuestion, ShapeRules, Typed } from "./shapes/shapeRule.ts";
import { STRUCTURE } from "./shapes/structure.ts";

const RULES: ShapeRules = { ...ELEMENTWISE, ...STRUCTURE, ...LAYERS };

/**
 * Types and shapes of a node's outputs.
 * @throws PacelineError `unsupported` for an operator that is not known, `bad-input` where the inputs do not fit
 */
export function inferShapes(question: ShapeQuestion): readonly Typed[] {
  const rule = Object.hasOwn(RULES, question.operator) ? RULES[question.operator] : undefined;
  if (rule === undefined) throw new PacelineError("unsupported", `the operator ${question.operator} is not supported`);
  return rule(question);
}
