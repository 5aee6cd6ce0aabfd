import type { Attributes, Value } from "../../graph/graph.ts";
import { type GradientRule, type GradientRules, dense } from "../gradient.ts";
import { type Arithmetic, type Operand, arithmetic } from "./arithmetic.ts";

/** Functions of one number, taken element by element. */

export interface Point {
  readonly m: Arithmetic;
  readonly x: Value;
  readonly y: Value;
  readonly attributes: Attributes;
}

/** The rule of y = f(x), from f′. */
export function ofDerivative(derivative: (point: Point) => Operand): GradientRule {
  return ({ builder, inputs, outputs, attributes, atOutputs }) => {
    const m = arithmetic(builder);
    const point = { m, x: inputs[0] as Value, y: outputs[0] as Value, attributes };
    return [dense(m.mul(atOutputs[0] as Value, derivative(point)))];
  };
}

/** ±1; 0 at 0. Two comparisons are faster than Sign on the CPU. */
export function signOf(m: Arithmetic, x: Value): Value {
  return m.sub(m.float(m.greater(x, 0)), m.float(m.less(x, 0)));
}

/** Below the root of the smallest normal number, so that it changes no other. */
const SMALLEST_ROOT = 1e-19;

/**
 * d/2√x with the root kept from 0: there the gradient is large instead of infinite, so that what multiplies it by 0 (a norm's
 * √Σx² at x = 0) gets 0 and not NaN.
 */
const sqrt: GradientRule = ({ builder, outputs, atOutputs }) => {
  const m = arithmetic(builder);
  const root = m.max(outputs[0] as Value, SMALLEST_ROOT);
  return [dense(m.div(m.mul(atOutputs[0] as Value, 0.5), root))];
};

/** The smallest normal number. */
const SMALLEST = 1.1754944e-38;

/** d/x, with x kept from 0: a logarithm that nobody asks back, because a mask takes it out, gets 0 and not 0/0. */
const log: GradientRule = ({ builder, inputs, atOutputs }) => {
  const m = arithmetic(builder);
  return [dense(m.div(atOutputs[0] as Value, m.max(inputs[0] as Value, SMALLEST)))];
};

const neg: GradientRule = ({ builder, atOutputs }) => [dense(builder.node("Neg", [atOutputs[0]]))];

/** Steps are flat wherever they have a derivative. */
const flat: GradientRule = () => [];

export const FUNCTIONS: GradientRules = {
  Neg: neg,
  Exp: ofDerivative(({ y }) => y),
  Log: log,
  Sqrt: sqrt,
  Reciprocal: ofDerivative(({ m, y }) => m.neg(m.mul(y, y))),
  Abs: ofDerivative(({ m, x }) => signOf(m, x)),
  Erf: ofDerivative(({ m, x }) => m.mul(m.exp(m.neg(m.mul(x, x))), 2 / Math.sqrt(Math.PI))),
  Sin: ofDerivative(({ m, x }) => m.cos(x)),
  Cos: ofDerivative(({ m, x }) => m.neg(m.sin(x))),
  Floor: flat,
  Ceil: flat,
  Round: flat,
  Sign: flat,
};
