import { intOf, intsOf, textOf } from "../../graph/attributes.ts";
import type { Node, Value } from "../../graph/graph.ts";
import { type Numbers, reordered, rows, sum, transposed } from "./tensor.ts";
import type { Walk } from "./walk.ts";
import type { Writer, Writers } from "./writers.ts";

/** LSTM and GRU, with the nodes behind them that put their outputs in Keras's order. */

/** Where Keras's gates stand among ONNX's: input, forget, cell, output among input, output, forget, cell; a GRU's are alike. */
const GATES: Readonly<Record<string, readonly number[]>> = { LSTM: [0, 2, 3, 1], GRU: [0, 1, 2] };

const recurrent: Writer = (walk, node) => {
  const { attributes, inputs, operator } = node;
  if (walk.layout !== "batch-first" || inputs.slice(4).some((input) => input !== undefined)) throw walk.failure(node);
  if (attributes["activations"] !== undefined) throw walk.failure(node, "its activations are not the usual ones");
  if (intOf(attributes, "linear_before_reset", 0) === 1)
    throw walk.failure(node, "TensorFlow.js has no GRU that resets behind the product");
  const units = intOf(attributes, "hidden_size", 0);
  const direction = textOf(attributes, "direction", "forward");
  const sequences = isRead(walk, node);
  const config = {
    units,
    activation: "tanh",
    recurrent_activation: "sigmoid",
    use_bias: true,
    return_sequences: sequences,
    ...(operator === "LSTM" ? { unit_forget_bias: false } : { reset_after: false }),
  };
  const weights = [0, 1].slice(0, direction === "bidirectional" ? 2 : 1).map((i) => weightsOf(walk, node, i, units));
  if (direction === "bidirectional") bidirectional(walk, operator, config, weights, sequences, node);
  else {
    if (direction === "reverse" && sequences)
      throw walk.failure(node, "all its states from the last step to the first");
    walk.layer(operator, { ...config, go_backwards: direction === "reverse" }, weights[0]);
  }
  settleOutput(walk, node, sequences, units, weights.length);
};

/** Whether all states are read, and not the last one. */
function isRead(walk: Walk, { outputs }: Node): boolean {
  const [all, last] = outputs;
  const reads = (value: Value | undefined): boolean => value !== undefined && walk.isRead(value);
  return reads(all) || !reads(last);
}

type CellWeights = Readonly<Record<"kernel" | "recurrent_kernel" | "bias", Numbers>>;

function weightsOf(walk: Walk, node: Node, direction: number, units: number): CellWeights {
  const order = GATES[node.operator] as readonly number[];
  const pick = (index: number): Numbers | undefined => {
    const numbers = walk.numbers(node.inputs[index]);
    if (numbers === undefined) return undefined;
    const { shape, values } = rows(numbers, direction, direction + 1);
    return { shape: shape.slice(1), values };
  };
  const [weight, recurrence, both] = [pick(1), pick(2), pick(3)];
  if (weight === undefined || recurrence === undefined || (node.inputs[3] !== undefined && both === undefined))
    throw walk.failure(node);
  const turned = (numbers: Numbers): Numbers => transposed(reordered(numbers, order), [1, 0]);
  const width = order.length * units;
  const bias =
    both === undefined
      ? { shape: [width], values: new Float32Array(width) }
      : reordered(sum(rows(both, 0, width), rows(both, width, 2 * width)), order);
  return { kernel: turned(weight), recurrent_kernel: turned(recurrence), bias };
}

function bidirectional(
  walk: Walk,
  operator: string,
  config: Readonly<Record<string, unknown>>,
  [ahead, back]: readonly CellWeights[],
  sequences: boolean,
  node: Node,
): void {
  if (!sequences) throw walk.failure(node, "only the last states of both directions");
  const inner = operator.toLowerCase();
  const named = (direction: string, weights: CellWeights): readonly (readonly [string, Numbers])[] =>
    Object.entries(weights).map(([name, numbers]) => [`${direction}_${inner}/${name}`, numbers] as const);
  walk.layer(
    "Bidirectional",
    { merge_mode: "concat", layer: { class_name: operator, config: { ...config, name: inner } } },
    Object.fromEntries([...named("forward", ahead!), ...named("backward", back!)]),
  );
}

/**
 * Goes behind what makes Keras's output of ONNX's: of all states [steps, directions, batch, units], or of the last [1, batch, units].
 */
function settleOutput(walk: Walk, node: Node, sequences: boolean, units: number, directions: number): void {
  walk.moveTo((sequences ? node.outputs[0] : node.outputs[1]) as Value);
  const squeeze = walk.next("Squeeze");
  if (squeeze !== undefined && directions === 1 && axesOf(squeeze) === (sequences ? "1" : "0")) {
    walk.layout = sequences ? "batch-first" : "same";
    return walk.moveTo(squeeze.outputs[0] as Value);
  }
  const transpose = sequences ? walk.next("Transpose") : undefined;
  if (transpose === undefined || intsOf(transpose.attributes, "perm")?.join() !== "2,0,1,3") throw walk.failure(node);
  walk.moveTo(transpose.outputs[0] as Value);
  const reshape = walk.next("Reshape");
  const [, steps] = walk.at.shape;
  const output = reshape?.outputs[0];
  if (output?.shape.slice(1).join() !== [steps, units * directions].join()) throw walk.failure(node);
  walk.layout = "same";
  walk.moveTo(output);
}

function axesOf({ inputs }: Node): string {
  const [, axes] = inputs;
  return axes !== undefined && "data" in axes ? Array.from(axes.data as BigInt64Array, Number).join() : "";
}

export const RECURRENT_WRITERS: Writers = { LSTM: recurrent, GRU: recurrent };
