import type { GraphBuilder } from "../graph/builder.ts";
import { sameShape } from "../graph/dims.ts";
import { DATA_TYPE, type Value, int, text } from "../graph/graph.ts";
import type { LossSpec, Model } from "../models/model.ts";

/** The losses of a batch, and their gradients at the outputs, as ONNX nodes. */

/** Whether a batch's loss is divided by something that only the graph knows: padding and class weights differ by batch. */
export function normalisesInGraph({ loss, targets }: Pick<Model, "loss" | "targets">): boolean {
  return hasPadding(targets) || (loss.kind === "softmax-cross-entropy" && loss.classWeights !== undefined);
}

/** Single classes are never padding: a padded example would be none. */
function hasPadding({ type, shape }: Model["targets"]): boolean {
  return type === "int32" && shape.length > 0;
}

export interface LossInputs {
  readonly builder: GraphBuilder;
  readonly model: Pick<Model, "loss" | "targets">;
  /** The model's, [batch, …]. */
  readonly outputs: Value;
  /** [batch, …] */
  readonly targets: Value;
}

/**
 * The gradient of scale · Σ loss at the outputs; with `normalise`, of scale · (weighted mean of the loss).
 * @param scale scalar float32
 */
export function lossGradient(inputs: LossInputs, scale: Value, normalise: boolean): Value {
  const { builder, model, outputs, targets } = inputs;
  const weights = targetWeights(inputs);
  const factor =
    weights === undefined
      ? scale
      : builder.node("Mul", [weights, normalise ? builder.node("Div", [scale, atLeastTiny(builder, weights)]) : scale]);
  switch (model.loss.kind) {
    case "softmax-cross-entropy": {
      const probabilities = builder.node("Softmax", [outputs], { axis: int(-1) });
      const difference = lessOneAtTargets(inputs, probabilities);
      const spread = weights === undefined ? factor : builder.node("Unsqueeze", [factor, builder.ints([-1])]);
      return builder.node("Mul", [difference, spread]);
    }
    case "binary-cross-entropy": {
      const difference = builder.node("Sub", [
        builder.node("Sigmoid", [outputs]),
        asNumbers(builder, targets, outputs),
      ]);
      return builder.node("Mul", [difference, like(builder, factor, outputs)]);
    }
    case "mean-squared-error": {
      const difference = builder.node("Sub", [outputs, asNumbers(builder, targets, outputs)]);
      return builder.node("Mul", [difference, builder.node("Mul", [factor, builder.floats([2], [])])]);
    }
  }
}

/** Σ loss over the batch's targets, each by its weight: a scalar. */
export function lossSum(inputs: LossInputs): Value {
  const { builder } = inputs;
  const each = eachLoss(inputs);
  const weights = targetWeights(inputs);
  const weighted = weights === undefined ? each : builder.node("Mul", [each, like(builder, weights, each)]);
  return builder.node("ReduceSum", [weighted], { keepdims: int(0) });
}

/** The loss of every target, of the targets' shape (or the outputs', where that differs by ones). */
function eachLoss(inputs: LossInputs): Value {
  const { builder, model, outputs, targets } = inputs;
  switch (model.loss.kind) {
    case "softmax-cross-entropy": {
      const picked = builder.node("Mul", [builder.node("LogSoftmax", [outputs], { axis: int(-1) }), oneHot(inputs)]);
      return builder.node("Neg", [builder.node("ReduceSum", [picked, builder.ints([-1])], { keepdims: int(0) })]);
    }
    case "binary-cross-entropy": {
      const agreement = builder.node("Mul", [outputs, asNumbers(builder, targets, outputs)]);
      return builder.node("Sub", [builder.node("Softplus", [outputs]), agreement]);
    }
    case "mean-squared-error": {
      const difference = builder.node("Sub", [outputs, asNumbers(builder, targets, outputs)]);
      return builder.node("Mul", [difference, difference]);
    }
  }
}

/** What each target counts, of the targets' shape; undefined where all count 1. */
function targetWeights({ builder, model, targets }: LossInputs): Value | undefined {
  const mask = hasPadding(model.targets) ? isTarget(builder, targets) : undefined;
  const classWeights = classWeightsOf(model.loss);
  if (classWeights === undefined) return mask;
  // padding looks up the last class, which its mask takes out
  const weights = builder.node("Gather", [builder.floats(classWeights), targets]);
  return mask === undefined ? weights : builder.node("Mul", [weights, mask]);
}

function classWeightsOf(loss: LossSpec): readonly number[] | undefined {
  return loss.kind === "softmax-cross-entropy" ? loss.classWeights : undefined;
}

/** 1 for a target, 0 for padding. */
function isTarget(builder: GraphBuilder, targets: Value): Value {
  const mask = builder.node("GreaterOrEqual", [targets, builder.ints32([0], [])]);
  return builder.node("Cast", [mask], { to: int(DATA_TYPE.float32) });
}

/** A batch of nothing but padding has a loss of 0 instead of 0 / 0. */
function atLeastTiny(builder: GraphBuilder, weights: Value): Value {
  const sum = builder.node("ReduceSum", [weights], { keepdims: int(0) });
  return builder.node("Max", [sum, builder.floats([1e-30], [])]);
}

/** Classes as rows with a one at the class; padding's rows are anything, for its weight is 0. */
function oneHot({ builder, outputs, targets }: LossInputs): Value {
  const classes = outputs.shape.at(-1) as number;
  return builder.node("OneHot", [targets, builder.ints32([classes], []), builder.floats([0, 1])], { axis: int(-1) });
}

/** From as many classes on, it is faster to change one value a row than to make rows of zeros and a one. */
const MANY_CLASSES = 32;

/** `probabilities` less 1 at each target's class. */
function lessOneAtTargets(inputs: LossInputs, probabilities: Value): Value {
  const { builder, outputs, targets } = inputs;
  if ((outputs.shape.at(-1) as number) < MANY_CLASSES) return builder.node("Sub", [probabilities, oneHot(inputs)]);
  const classes = builder.node("Unsqueeze", [targets, builder.ints([-1])]);
  const [minusOnes] = builder.typedNodes(
    "ConstantOfShape",
    [builder.node("Shape", [classes])],
    [{ type: "float32", shape: classes.shape }],
    { value: { kind: "tensor", value: { name: "filling", type: "float32", shape: [1], data: Float32Array.of(-1) } } },
  );
  return builder.node("ScatterElements", [probabilities, classes, minusOnes], {
    axis: int(-1),
    reduction: text("add"),
  });
}

function asNumbers(builder: GraphBuilder, targets: Value, outputs: Value): Value {
  const numbers =
    targets.type === "float32" ? targets : builder.node("Cast", [targets], { to: int(DATA_TYPE.float32) });
  return like(builder, numbers, outputs);
}

/** Targets [batch] beside outputs [batch, 1], or the other way round. */
function like(builder: GraphBuilder, value: Value, other: Value): Value {
  if (value.shape.length === 0 || sameShape(value.shape, other.shape)) return value;
  return builder.node("Reshape", [value, builder.ints([-1, ...(other.shape.slice(1) as number[])])]);
}
