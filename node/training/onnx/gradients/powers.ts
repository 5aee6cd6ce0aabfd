import { type Value, isConstant } from "../../graph/graph.ts";
import { type GradientQuestion, type GradientRule, type GradientRules, dense } from "../gradient.ts";
import { type Arithmetic, arithmetic } from "./arithmetic.ts";
import { sumTo } from "./broadcasting.ts";

/** y = aᵇ. The slopes are finite at a = 0 wherever y is: a norm or a standard deviation may be 0 while a model is trained. */

/** The smallest normal number. */
const SMALLEST = 1.1754944e-38;

const pow: GradientRule = (question) => {
  const { builder, inputs, atOutputs, wanted } = question;
  const m = arithmetic(builder);
  const [a, b] = inputs as [Value, Value];
  const undo = (slope: Value | undefined, input: Value): ReturnType<GradientRule>[number] =>
    slope === undefined ? undefined : dense(sumTo(builder, m.mul(atOutputs[0] as Value, slope), input));
  return [
    wanted[0] === true ? undo(slopeByBase(m, a, b), a) : undefined,
    wanted[1] === true ? undo(slopeByExponent(m, question), b) : undefined,
  ];
};

/** b·aᵇ⁻¹; undefined where it is 0 everywhere. */
function slopeByBase(m: Arithmetic, a: Value, b: Value): Value | undefined {
  const exponent = isConstant(b) && b.data.length === 1 ? Number(b.data[0]) : undefined;
  if (exponent === undefined) return slopeByAnyBase(m, a, asFloat(m, b));
  if (exponent === 0) return undefined;
  if (exponent === 2) return m.mul(a, 2);
  // a root is steep at 0; what lies below has no root
  const base = exponent > 0 && exponent < 1 ? m.max(a, SMALLEST) : a;
  return m.mul(m.pow(base, exponent - 1), exponent);
}

/** Where b is 0, this is 0 times a finite number. */
function slopeByAnyBase(m: Arithmetic, a: Value, b: Value): Value {
  const base = m.select(m.equal(a, 0), SMALLEST, a);
  return m.mul(b, m.pow(base, m.sub(b, 1)));
}

/** y·ln a; 0 for a = 0, where y is 0 too, and for a < 0, where y is a number for whole b only. */
function slopeByExponent(m: Arithmetic, { inputs, outputs }: GradientQuestion): Value {
  const a = inputs[0] as Value;
  const positive = m.greater(a, 0);
  return m.mul(outputs[0] as Value, m.log(m.select(positive, a, 1)));
}

function asFloat(m: Arithmetic, b: Value): Value {
  return b.type === "float32" ? b : m.float(b);
}

export const POWERS: GradientRules = { Pow: pow };
