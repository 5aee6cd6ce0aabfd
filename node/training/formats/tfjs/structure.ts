import { intsOf } from "../../graph/attributes.ts";
import type { Value } from "../../graph/graph.ts";
import type { Writer, Writers } from "./writers.ts";

/** Nodes that move elements. Transposes between ONNX's layouts and Keras's leave no layer. */

const identity: Writer = (walk, node) => walk.moveTo(node.outputs[0] as Value);

const transpose: Writer = (walk, node) => {
  const rank = walk.at.shape.length;
  const order = intsOf(node.attributes, "perm") ?? [...walk.at.shape.keys()].reverse();
  const between = Array.from({ length: rank - 2 }, (_, i) => i);
  const is = (wanted: readonly number[]): boolean => order.join() === wanted.join();
  if (walk.layout === "same" && rank > 2 && is([0, rank - 1, ...between.map((i) => i + 1)]))
    walk.layout = "channels-last";
  else if (walk.layout === "channels-last" && is([0, ...between.map((i) => i + 2), 1])) walk.layout = "same";
  else if (walk.layout === "same" && is([1, 0, 2])) walk.layout = "batch-first";
  else if (walk.layout === "batch-first" && is([1, 0, 2])) walk.layout = "same";
  else if (walk.layout !== "batch-first" && order[0] === 0) {
    walk.settle();
    walk.layer("Permute", { dims: order.slice(1) });
  } else throw walk.failure(node);
  walk.moveTo(node.outputs[0] as Value);
};

/** A single number an example stays on an axis of its own: layers have no outputs without one. */
const reshape: Writer = (walk, node) => {
  const output = node.outputs[0] as Value;
  if (walk.layout === "batch-first") throw walk.failure(node);
  walk.settle();
  const [batch, ...shape] = output.shape;
  if (batch !== "batch" || !shape.every((size) => typeof size === "number"))
    throw walk.failure(node, "it moves the batch");
  const target = shape.length === 0 ? [1] : shape;
  if (walk.at.shape.slice(1).join() !== target.join()) {
    if (target.length === 1) walk.layer("Flatten", { data_format: "channels_last" });
    else walk.layer("Reshape", { target_shape: target });
  }
  walk.moveTo(output);
};

const dropout: Writer = (walk, node) => {
  const rate = walk.numbers(node.inputs[1])?.values[0] ?? 0.5;
  walk.layer("Dropout", { rate });
  walk.moveTo(node.outputs[0] as Value);
};

export const STRUCTURE_WRITERS: Writers = {
  Identity: identity,
  Transpose: transpose,
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Dropout: dropout,
};
