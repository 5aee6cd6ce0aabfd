import { floatOf, textOf } from "../../graph/attributes.ts";
import type { Value } from "../../graph/graph.ts";
import { type GradientRule, type GradientRules, dense } from "../gradient.ts";
import { type Arithmetic, arithmetic } from "./arithmetic.ts";
import { sumTo } from "./broadcasting.ts";
import { type Point, ofDerivative } from "./functions.ts";

/** Activation functions. At the kink of a rectifier the gradient is that of its left side, as in PyTorch and tfjs. */

const leakyRelu = ({ m, x, attributes }: Point): Value =>
  m.select(m.greater(x, 0), 1, floatOf(attributes, "alpha", 0.01));

/** α(eˣ − 1) below 0, where its slope is y + α. */
const elu = ({ m, x, y, attributes }: Point): Value => {
  const alpha = floatOf(attributes, "alpha", 1);
  return alpha === 1 ? m.add(m.min(y, 0), 1) : m.select(m.greater(x, 0), 1, m.add(y, alpha));
};

/** Klambauer et al., "Self-Normalizing Neural Networks", 2017. */
const selu = ({ m, x, y, attributes }: Point): Value => {
  const alpha = floatOf(attributes, "alpha", 1.6732632);
  const gamma = floatOf(attributes, "gamma", 1.050701);
  return m.select(m.greater(x, 0), gamma, m.add(y, alpha * gamma));
};

/** 1 where 0 < y < 1, that is y(1 − y) > 0. */
function inUnit(m: Arithmetic, y: Value): Value {
  return m.float(m.greater(m.mul(y, m.sub(1, y)), 0));
}

const hardSigmoid = ({ m, y, attributes }: Point): Value => m.mul(inUnit(m, y), floatOf(attributes, "alpha", 0.2));

/** x · h(x) with h = max(0, min(1, x/6 + ½)). */
const hardSwish: GradientRule = ({ builder, inputs, atOutputs }) => {
  const m = arithmetic(builder);
  const x = inputs[0] as Value;
  const gate = m.min(m.max(m.add(m.div(x, 6), 0.5), 0), 1);
  const slope = m.add(gate, m.mul(m.mul(x, inUnit(m, gate)), 1 / 6));
  return [dense(m.mul(atOutputs[0] as Value, slope))];
};

const gelu = (point: Point): Value =>
  textOf(point.attributes, "approximate", "none") === "tanh" ? geluByTanh(point) : geluExact(point);

/** Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016: xΦ(x), whose slope is Φ(x) + xφ(x). */
function geluExact({ m, x }: Point): Value {
  const density = m.mul(m.exp(m.mul(m.mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return m.add(normalDistribution(m, x), m.mul(x, density));
}

function normalDistribution(m: Arithmetic, x: Value): Value {
  return m.mul(m.add(m.erf(m.mul(x, Math.SQRT1_2)), 1), 0.5);
}

/** ½x(1 + tanh u), u = √(2/π)(x + 0.044715x³). */
function geluByTanh({ m, x }: Point): Value {
  const [scale, cubic] = [Math.sqrt(2 / Math.PI), 0.044715];
  const square = m.mul(x, x);
  const tanh = m.tanh(m.mul(x, m.add(m.mul(square, scale * cubic), scale)));
  const inner = m.add(m.mul(square, 3 * scale * cubic), scale);
  const bend = m.mul(m.mul(x, m.sub(1, m.mul(tanh, tanh))), inner);
  return m.mul(m.add(m.add(tanh, 1), bend), 0.5);
}

/** The slope of the negative side may be trained (He et al., "Delving Deep into Rectifiers", 2015). */
const pRelu: GradientRule = ({ builder, inputs, atOutputs, wanted }) => {
  const m = arithmetic(builder);
  const [x, slope] = inputs as [Value, Value];
  const atY = atOutputs[0] as Value;
  const atX = (): Value => m.mul(atY, m.select(m.greater(x, 0), 1, slope));
  const atSlope = (): Value => sumTo(builder, m.mul(atY, m.min(x, 0)), slope);
  return [wanted[0] === true ? dense(atX()) : undefined, wanted[1] === true ? dense(atSlope()) : undefined];
};

export const ACTIVATIONS: GradientRules = {
  Relu: ofDerivative(({ m, y }) => m.float(m.greater(y, 0))),
  LeakyRelu: ofDerivative(leakyRelu),
  PRelu: pRelu,
  Elu: ofDerivative(elu),
  Selu: ofDerivative(selu),
  Sigmoid: ofDerivative(({ m, y }) => m.mul(y, m.sub(1, y))),
  HardSigmoid: ofDerivative(hardSigmoid),
  HardSwish: hardSwish,
  Tanh: ofDerivative(({ m, y }) => m.sub(1, m.mul(y, y))),
  Softplus: ofDerivative(({ m, x }) => m.sigmoid(x)),
  Softsign: ofDerivative(({ m, y }) => {
    const rest = m.sub(1, m.abs(y));
    return m.mul(rest, rest);
  }),
  Gelu: ofDerivative(gelu),
};
