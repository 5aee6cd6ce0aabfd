import { axisOf, intOf } from "../../graph/attributes.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import { divideDims, multiplyDims } from "../../graph/dims.ts";
import { type Value, int } from "../../graph/graph.ts";
import { reducedAxes } from "../../graph/shapes/structure.ts";
import { type GradientQuestion, type GradientRule, type GradientRules, dense } from "../gradient.ts";
import { type Arithmetic, type Operand, arithmetic } from "./arithmetic.ts";
import { signOf } from "./functions.ts";
import { expandLike } from "./sizes.ts";

/** Operators that go over axes. */

/** With the axes that a reduction took away, of size one. */
function withReducedAxes(question: GradientQuestion, value: Value): Value {
  const axes = reducedAxes(question);
  if (intOf(question.attributes, "keepdims", 1) === 1 || axes.length === 0) return value;
  return question.builder.node("Unsqueeze", [value, question.builder.ints(axes)]);
}

const reduceSum: GradientRule = (question) => {
  const { builder, inputs, atOutputs } = question;
  return [dense(expandLike(builder, withReducedAxes(question, atOutputs[0] as Value), inputs[0] as Value))];
};

const reduceMean: GradientRule = (question) => {
  const { builder, inputs, atOutputs } = question;
  const atY = atOutputs[0] as Value;
  const share = arithmetic(builder).mul(atY, shareOf(builder, inputs[0] as Value, atY));
  return [dense(expandLike(builder, withReducedAxes(question, share), inputs[0] as Value))];
};

/** One over the number of elements of `whole` that each element of `part` stands for. */
export function shareOf(builder: GraphBuilder, whole: Value, part: Value): Operand {
  const count = divideDims(multiplyDims(whole.shape), multiplyDims(part.shape));
  if (typeof count === "number") return 1 / count;
  const m = arithmetic(builder);
  const [all, own] = [whole, part].map((each) => m.float(builder.node("Size", [each])));
  return m.div(own as Value, all as Value);
}

/** The rule of a reduction y of x: what comes back at y, spread over x by a factor. */
function spread(factor: (m: Arithmetic, x: Value, y: Value, question: GradientQuestion) => Value): GradientRule {
  return (question) => {
    const { builder, inputs, outputs, atOutputs } = question;
    const m = arithmetic(builder);
    const [atY, y] = [atOutputs[0], outputs[0]].map((value) => withReducedAxes(question, value as Value));
    return [dense(m.mul(factor(m, inputs[0] as Value, y as Value, question), atY as Value))];
  };
}

/** `parts` over their sum. */
function shares(m: Arithmetic, parts: Value, question: GradientQuestion): Value {
  const axes = reducedAxes(question);
  return axes.length === 0 ? parts : m.div(parts, total(question.builder, parts, axes));
}

/** Those that are equal share the gradient evenly. */
const reduceExtreme = spread((m, x, y, question) => shares(m, m.float(m.equal(x, y)), question));

/** Softmax; x − y alone is as coarse as the larger of them. */
const reduceLogSumExp = spread((m, x, y, question) => shares(m, m.exp(m.sub(x, y)), question));

/** x/y is a direction; of nothing, 0 and not 0/0. */
const reduceL2 = spread((m, x, y) => m.div(x, m.max(y, 1e-30)));

function total(builder: GraphBuilder, value: Value, axes: readonly number[]): Value {
  return builder.node("ReduceSum", [value, builder.ints(axes)], { keepdims: int(1) });
}

function softmaxAxis({ attributes, inputs }: GradientQuestion): number {
  return axisOf(intOf(attributes, "axis", -1), (inputs[0] as Value).shape.length);
}

/** y(atY − Σ y·atY) */
const softmax: GradientRule = (question) => {
  const { builder, outputs } = question;
  const m = arithmetic(builder);
  const atY = question.atOutputs[0] as Value;
  const y = outputs[0] as Value;
  const product = m.mul(y, atY);
  return [dense(m.sub(product, m.mul(y, total(builder, product, [softmaxAxis(question)]))))];
};

/** atY − eʸ·Σ atY */
const logSoftmax: GradientRule = (question) => {
  const { builder, outputs } = question;
  const m = arithmetic(builder);
  const atY = question.atOutputs[0] as Value;
  return [dense(m.sub(atY, m.mul(m.exp(outputs[0] as Value), total(builder, atY, [softmaxAxis(question)]))))];
};

/** An element counts in all sums from its own on; so it gets back their gradients, summed from the other end. */
const cumSum: GradientRule = ({ builder, inputs, attributes, atOutputs }) => [
  dense(
    builder.node("CumSum", [atOutputs[0], inputs[1]], {
      exclusive: int(intOf(attributes, "exclusive", 0)),
      reverse: int(1 - intOf(attributes, "reverse", 0)),
    }),
  ),
];

export const REDUCTIONS: GradientRules = {
  ReduceSum: reduceSum,
  ReduceMean: reduceMean,
  ReduceMax: reduceExtreme,
  ReduceMin: reduceExtreme,
  ReduceL1: spread((m, x) => signOf(m, x)),
  ReduceL2: reduceL2,
  ReduceSumSquare: spread((m, x) => m.mul(x, 2)),
  ReduceLogSumExp: reduceLogSumExp,
  Softmax: softmax,
  LogSoftmax: logSoftmax,
  CumSum: cumSum,
};
