import { type GraphBuilder, type Value, int } from "./graph.ts";

/** Softmax cross-entropy over logits [examples, classes], as ONNX nodes. */

/** Labels [examples] int32 as rows [examples, classes] with a one at the label. */
export function oneHot(builder: GraphBuilder, labels: Value, classes: number): Value {
  return builder.node("OneHot", [labels, builder.ints32([classes], []), builder.floats([0, 1])], { axis: int(-1) });
}

/** log p(label) of each example: [examples]. */
export function logLikelihood(builder: GraphBuilder, logits: Value, targets: Value): Value {
  const logProbabilities = builder.node("LogSoftmax", [logits], { axis: int(1) });
  const picked = builder.node("Mul", [logProbabilities, targets]);
  return builder.node("ReduceSum", [picked, builder.ints([1])], { keepdims: int(0) });
}

/** The summed loss's gradient at the logits, times `scale` (a scalar): (softmax − target) · scale. */
export function gradientAtLogits(builder: GraphBuilder, logits: Value, targets: Value, scale: Value): Value {
  const probabilities = builder.node("Softmax", [logits], { axis: int(1) });
  return builder.node("Mul", [builder.node("Sub", [probabilities, targets]), scale]);
}

/** How many examples have their largest logit at their label: a scalar float32. */
export function correctCount(builder: GraphBuilder, logits: Value, labels: Value): Value {
  const largest = builder.node("ArgMax", [logits], { axis: int(1), keepdims: int(0) });
  const hit = builder.node("Equal", [builder.node("Cast", [largest], { to: int(INT32) }), labels]);
  return builder.node("ReduceSum", [builder.node("Cast", [hit], { to: int(FLOAT) })], { keepdims: int(0) });
}

/** `TensorProto.DataType` */
const FLOAT = 1;
const INT32 = 6;
