import * as tf from "@tensorflow/tfjs-core";
import { broadcast } from "../../graph/dims.ts";
import { castType } from "../../graph/shapes/elementwise.ts";
import type { ElementType } from "../../graph/graph.ts";
import { broadcastTo, type Operator, type OperatorCall, type Operators, withoutGradient } from "../operator.ts";

/** Operators that work on each element by itself, with NumPy's broadcasting where there are several inputs. */

const unary =
  (work: (x: tf.Tensor) => tf.Tensor): Operator =>
  (call) =>
    work(call.input(0));

const binary =
  (work: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Operator =>
  (call) =>
    work(call.input(0), call.input(1));

/** Any number of inputs, from left to right. */
const folded =
  (work: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Operator =>
  ({ inputs }) =>
    (inputs as tf.Tensor[]).reduce((result, input) => work(result, input));

/** Both repeated to the same shape first, for kernels whose gradient in tfjs has forgotten to undo it. */
const repeated =
  (work: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) =>
  (a: tf.Tensor, b: tf.Tensor): tf.Tensor => {
    const shape = broadcast(a.shape, b.shape) as number[];
    return work(broadcastTo(a, shape), broadcastTo(b, shape));
  };

const comparison =
  (work: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Operator =>
  (call) =>
    withoutGradient(work, call.input(0), call.input(1));

/** Steps have the gradient 0, which tfjs leaves out for some of them. */
const flat =
  (work: (x: tf.Tensor) => tf.Tensor): Operator =>
  (call) =>
    withoutGradient(work, call.input(0));

function divide(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  if (a.dtype !== "int32" || b.dtype !== "int32") return tf.div(a, b);
  // ONNX rounds the quotient of integers towards zero, tfjs down
  return tf.mul(tf.mul(tf.sign(a), tf.sign(b)), tf.floorDiv(tf.abs(a), tf.abs(b)));
}

/** With the sign of the divisor, or (`fmod` = 1) of the dividend. */
function mod(call: OperatorCall): tf.Tensor {
  const [a, b] = [call.input(0), call.input(1)];
  if (call.int("fmod", 0) === 0) return tf.mod(a, b);
  return tf.mul(tf.sign(a), tf.mod(tf.abs(a), tf.abs(b)));
}

/** Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016: x·Φ(x), or with tanh in the place of the error function. */
function gelu(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  const inner =
    call.text("approximate", "none") === "tanh"
      ? tf.tanh(tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.mul(x, x))))))
      : tf.erf(tf.div(x, Math.SQRT2));
  return tf.mul(tf.mul(0.5, x), tf.add(1, inner));
}

function clip(call: OperatorCall): tf.Tensor {
  const [low, high] = [call.numbers(1)?.[0] ?? -Infinity, call.numbers(2)?.[0] ?? Infinity];
  return tf.clipByValue(call.input(0), low, high);
}

/** max(0, min(1, alpha · x + beta)) */
function hardSigmoid(call: OperatorCall): tf.Tensor {
  return tf.clipByValue(tf.add(tf.mul(call.float("alpha", 0.2), call.input(0)), call.float("beta", 0.5)), 0, 1);
}

function where(call: OperatorCall): tf.Tensor {
  const [condition, yes, no] = [call.input(0), call.input(1), call.input(2)];
  const shape = broadcast(broadcast(condition.shape, yes.shape) ?? [], no.shape) as number[];
  return tf.where(broadcastTo(condition, shape), broadcastTo(yes, shape), broadcastTo(no, shape));
}

const TFJS_TYPE: Readonly<Record<ElementType, tf.DataType>> = {
  float32: "float32",
  int32: "int32",
  int64: "int32",
  bool: "bool",
};

function cast(call: OperatorCall): tf.Tensor {
  const type = TFJS_TYPE[castType(call.int("to", 1))];
  const x = call.input(0);
  return type === "float32" ? tf.cast(x, type) : withoutGradient((value) => tf.cast(value, type), x);
}

/** Over an axis that may be any; tfjs has only the last, or has its gradient for the last only. */
function onLastAxis(x: tf.Tensor, given: number, work: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  const axis = (given + x.rank) % x.rank;
  if (axis === x.rank - 1) return work(x);
  const order = Array.from({ length: x.rank }, (_, i) => i);
  [order[axis], order[x.rank - 1]] = [x.rank - 1, axis];
  return tf.transpose(work(tf.transpose(x, order)), order);
}

const onAxis =
  (work: (x: tf.Tensor) => tf.Tensor): Operator =>
  (call) =>
    onLastAxis(call.input(0), call.int("axis", -1), work);

const logical = (work: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Operator =>
  comparison((a, b) => work(tf.cast(a, "bool"), tf.cast(b, "bool")));

function cumSum(call: OperatorCall): tf.Tensor {
  const [exclusive, reverse] = [call.int("exclusive", 0) === 1, call.int("reverse", 0) === 1];
  return onLastAxis(call.input(0), call.numbers(1)?.[0] ?? 0, (x) => tf.cumsum(x, x.rank - 1, exclusive, reverse));
}

function elu(call: OperatorCall): tf.Tensor {
  const [x, alpha] = [call.input(0), call.float("alpha", 1)];
  if (alpha === 1) return tf.elu(x);
  return tf.add(tf.relu(x), tf.mul(alpha, tf.sub(tf.exp(tf.minimum(x, 0)), 1)));
}

/** Klambauer et al., "Self-Normalizing Neural Networks", 2017. */
function selu(call: OperatorCall): tf.Tensor {
  const x = call.input(0);
  const [alpha, gamma] = [call.float("alpha", 1.6732632423543772), call.float("gamma", 1.0507009873554805)];
  const negative = tf.mul(alpha, tf.sub(tf.exp(tf.minimum(x, 0)), 1));
  return tf.mul(gamma, tf.add(tf.relu(x), negative));
}

export const ELEMENTWISE: Operators = {
  Neg: unary(tf.neg),
  Exp: unary(tf.exp),
  Log: unary(tf.log),
  Sqrt: unary(tf.sqrt),
  Relu: unary(tf.relu),
  LeakyRelu: (call) => tf.leakyRelu(call.input(0), call.float("alpha", 0.01)),
  PRelu: binary((x, slope) => tf.add(tf.relu(x), tf.mul(slope, tf.minimum(x, 0)))),
  Sigmoid: unary(tf.sigmoid),
  Tanh: unary(tf.tanh),
  Erf: unary(tf.erf),
  Gelu: gelu,
  Softplus: unary(tf.softplus),
  Softsign: unary((x) => tf.div(x, tf.add(1, tf.abs(x)))),
  Elu: elu,
  Selu: selu,
  HardSigmoid: hardSigmoid,
  HardSwish: unary((x) => tf.mul(x, tf.clipByValue(tf.add(tf.div(x, 6), 0.5), 0, 1))),
  Softmax: onAxis((x) => tf.softmax(x)),
  LogSoftmax: onAxis((x) => tf.logSoftmax(x)),
  Identity: unary((x) => tf.clone(x)),
  Abs: unary(tf.abs),
  Reciprocal: unary((x) => tf.div(1, x)),
  Sin: unary(tf.sin),
  Cos: unary(tf.cos),
  Clip: clip,
  CumSum: cumSum,
  Sign: flat(tf.sign),
  Floor: flat(tf.floor),
  Ceil: flat(tf.ceil),
  Round: flat(tf.round),
  Not: flat((x) => tf.logicalNot(tf.cast(x, "bool"))),
  Add: binary((a, b) => tf.add(a, b)),
  Sub: binary((a, b) => tf.sub(a, b)),
  Mul: binary((a, b) => tf.mul(a, b)),
  Div: binary(divide),
  Pow: binary((a, b) => tf.pow(a, tf.cast(b, a.dtype))),
  Mod: mod,
  Min: folded(repeated(tf.minimum)),
  Max: folded(repeated(tf.maximum)),
  Sum: folded((a, b) => tf.add(a, b)),
  Mean: (call) => tf.div(folded((a, b) => tf.add(a, b))(call) as tf.Tensor, call.inputs.length),
  And: logical(tf.logicalAnd),
  Or: logical(tf.logicalOr),
  Xor: logical(tf.notEqual),
  Greater: comparison(tf.greater),
  GreaterOrEqual: comparison(tf.greaterEqual),
  Less: comparison(tf.less),
  LessOrEqual: comparison(tf.lessEqual),
  Equal: comparison(tf.equal),
  Where: where,
  Cast: cast,
};
