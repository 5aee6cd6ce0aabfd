import { axisOf, floatOf, intOf } from "../../graph/attributes.ts";
import type { Node, Value } from "../../graph/graph.ts";
import type { Walk } from "./walk.ts";
import type { Writer, Writers } from "./writers.ts";

const named =
  (activation: string): Writer =>
  (walk, node) => {
    walk.layer("Activation", { activation });
    walk.moveTo(node.outputs[0] as Value);
  };

/** Only as tfjs has it. */
const withSettings =
  (activation: string, settings: Readonly<Record<string, readonly [usual: number, wanted: number]>>): Writer =>
  (walk, node) => {
    for (const [name, [usual, wanted]] of Object.entries(settings))
      if (Math.abs(floatOf(node.attributes, name, usual) - wanted) > 1e-6)
        throw walk.failure(node, `its ${name} is not ${wanted}`);
    named(activation)(walk, node);
  };

const leakyRelu: Writer = (walk, node) => {
  walk.layer("LeakyReLU", { alpha: floatOf(node.attributes, "alpha", 0.01) });
  walk.moveTo(node.outputs[0] as Value);
};

const softmax =
  (activation: string): Writer =>
  (walk, node) => {
    const rank = walk.at.shape.length;
    walk.settle();
    if (walk.layout !== "same" || axisOf(intOf(node.attributes, "axis", -1), rank) !== rank - 1)
      throw walk.failure(node);
    named(activation)(walk, node);
  };

const clip: Writer = (walk, node) => {
  const [low, high] = [bound(walk, node, 1), bound(walk, node, 2)];
  if (low !== 0 || high !== 6) throw walk.failure(node);
  named("relu6")(walk, node);
};

function bound(walk: Walk, { inputs }: Node, index: number): number | undefined {
  return walk.numbers(inputs[index])?.values[0];
}

export const ACTIVATION_WRITERS: Writers = {
  Relu: named("relu"),
  Sigmoid: named("sigmoid"),
  Tanh: named("tanh"),
  Softplus: named("softplus"),
  Elu: withSettings("elu", { alpha: [1, 1] }),
  Selu: withSettings("selu", { alpha: [1.6732632, 1.6732632], gamma: [1.050701, 1.050701] }),
  HardSigmoid: withSettings("hardSigmoid", { alpha: [0.2, 0.2], beta: [0.5, 0.5] }),
  LeakyRelu: leakyRelu,
  Softmax: softmax("softmax"),
  LogSoftmax: softmax("logSoftmax"),
  Clip: clip,
};
