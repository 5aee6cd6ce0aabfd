import type { Value } from "../../graph/graph.ts";
import { type Gradient, type GradientQuestion, type GradientRule, type GradientRules, dense } from "../gradient.ts";
import { type Arithmetic, arithmetic } from "./arithmetic.ts";
import { sumTo } from "./broadcasting.ts";

/** Operators that join tensors element by element, with broadcasting. */

/** The rule of an operator from one formula an input, of the outputs' shape; broadcasting is undone here. */
function joining(...parts: readonly ((m: Arithmetic, question: Joined) => Value)[]): GradientRule {
  return (question) => {
    const m = arithmetic(question.builder);
    return parts.map((part, i) =>
      question.wanted[i] === true ? at(question, i, part(m, joined(question))) : undefined,
    );
  };
}

interface Joined {
  readonly a: Value;
  readonly b: Value;
  readonly y: Value;
  /** The gradient at y. */
  readonly atY: Value;
}

function joined({ inputs, outputs, atOutputs }: GradientQuestion): Joined {
  return { a: inputs[0] as Value, b: inputs[1] as Value, y: outputs[0] as Value, atY: atOutputs[0] as Value };
}

function at({ builder, inputs }: GradientQuestion, input: number, gradient: Value): Gradient {
  return dense(sumTo(builder, gradient, inputs[input] as Value));
}

const sum: GradientRule = (question) =>
  question.inputs.map((_, i) =>
    question.wanted[i] === true ? at(question, i, question.atOutputs[0] as Value) : undefined,
  );

const mean: GradientRule = (question) => {
  const share = arithmetic(question.builder).mul(question.atOutputs[0] as Value, 1 / question.inputs.length);
  return question.inputs.map((_, i) => (question.wanted[i] === true ? at(question, i, share) : undefined));
};

const sub: GradientRule = (question) => {
  const { builder, wanted, inputs } = question;
  const { atY } = joined(question);
  return [
    wanted[0] === true ? at(question, 0, atY) : undefined,
    wanted[1] === true ? dense(builder.node("Neg", [sumTo(builder, atY, inputs[1] as Value)])) : undefined,
  ];
};

const mul = joining(
  (m, { b, atY }) => m.mul(atY, b),
  (m, { a, atY }) => m.mul(atY, a),
);

/** The divisor's gradient is −(atY / b)·y: the quotient is made once for both. */
const div: GradientRule = (question) => {
  const { builder, wanted, inputs } = question;
  const m = arithmetic(builder);
  const { b, y, atY } = joined(question);
  const quotient = m.div(atY, b);
  return [
    wanted[0] === true ? at(question, 0, quotient) : undefined,
    wanted[1] === true ? dense(m.neg(sumTo(builder, m.mul(quotient, y), inputs[1] as Value))) : undefined,
  ];
};

/** The largest or smallest of n tensors: the gradient goes to the first that has it. */
const extreme: GradientRule = (question) => {
  const { inputs, outputs, wanted, builder } = question;
  const m = arithmetic(builder);
  let open = question.atOutputs[0] as Value;
  return inputs.map((input, i) => {
    const last = i === inputs.length - 1;
    const taken = last ? open : m.mul(open, m.float(m.equal(input as Value, outputs[0] as Value)));
    if (!last) open = m.sub(open, taken);
    return wanted[i] === true ? at(question, i, taken) : undefined;
  });
};

/** Inside the bounds the value passes as it is; on a bound, too. Behind it, the bound is what counts. */
const clip: GradientRule = (question) => {
  const { inputs, outputs, wanted, builder } = question;
  const m = arithmetic(builder);
  const [x, low, high] = inputs as [Value, Value?, Value?];
  const atY = question.atOutputs[0] as Value;
  const beyond = (outside: Value, bound: Value): Gradient => dense(sumTo(builder, m.mul(atY, m.float(outside)), bound));
  return [
    wanted[0] === true ? dense(m.mul(atY, m.float(m.equal(x, outputs[0] as Value)))) : undefined,
    low !== undefined && wanted[1] === true ? beyond(m.less(x, low), low) : undefined,
    high !== undefined && wanted[2] === true ? beyond(m.greater(x, high), high) : undefined,
  ];
};

const where: GradientRule = (question) => {
  const { inputs, wanted, builder } = question;
  const m = arithmetic(builder);
  const condition = inputs[0] as Value;
  const atY = question.atOutputs[0] as Value;
  return [
    undefined,
    wanted[1] === true ? at(question, 1, m.select(condition, atY, 0)) : undefined,
    wanted[2] === true ? at(question, 2, m.select(condition, 0, atY)) : undefined,
  ];
};

export const ELEMENTWISE: GradientRules = {
  Add: sum,
  Sum: sum,
  Mean: mean,
  Sub: sub,
  Mul: mul,
  Div: div,
  Max: extreme,
  Min: extreme,
  Clip: clip,
  Where: where,
};
