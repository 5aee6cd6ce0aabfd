import type { GraphBuilder } from "../../graph/builder.ts";
import { intOf } from "../../graph/attributes.ts";
import type { Value } from "../../graph/graph.ts";
import { reducedAxes } from "../../graph/shapes/structure.ts";
import { type GradientQuestion, type GradientRule, type GradientRules, dense } from "../gradient.ts";
import { expandLike } from "./sizes.ts";

/** Operators that go over axes. */

/** With the axes that a reduction took away, of size one. */
function withReducedAxes(question: GradientQuestion, value: Value): Value {
  const axes = reducedAxes(question);
  if (intOf(question.attributes, "keepdims", 1) === 1 || axes.length === 0) return value;
  return unsqueezed(question.builder, value, axes);
}

function unsqueezed(builder: GraphBuilder, value: Value, axes: readonly number[]): Value {
  return builder.node("Unsqueeze", [value, builder.ints(axes)]);
}

const reduceSum: GradientRule = (question) => {
  const { builder, inputs, atOutputs } = question;
  return [dense(expandLike(builder, withReducedAxes(question, atOutputs[0] as Value), inputs[0] as Value))];
};

export const REDUCTIONS: GradientRules = { ReduceSum: reduceSum };
