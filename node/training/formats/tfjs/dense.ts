import { floatOf, intOf } from "../../graph/attributes.ts";
import type { Node, Value } from "../../graph/graph.ts";
import { type Numbers, reshaped, scaled, transposed } from "./tensor.ts";
import type { Walk } from "./walk.ts";
import type { Writer, Writers } from "./writers.ts";

function dense(walk: Walk, kernel: Numbers, bias: Numbers | undefined): void {
  const units = kernel.shape[1] as number;
  walk.layer("Dense", { units, activation: "linear", use_bias: bias !== undefined }, { kernel, bias });
}

/** One number a unit, whatever ones stand before them. */
function biasOf(numbers: Numbers | undefined, units: number): Numbers | undefined {
  return numbers?.values.length === units ? reshaped(numbers, [units]) : undefined;
}

const gemm: Writer = (walk, node) => {
  const [x, w, c] = node.inputs;
  const { attributes } = node;
  const weight = walk.numbers(w);
  if (x?.name !== walk.at.name || weight === undefined || intOf(attributes, "transA", 0) === 1)
    throw walk.failure(node);
  const turned = intOf(attributes, "transB", 0) === 1 ? transposed(weight, [1, 0]) : weight;
  const bias = biasOf(walk.numbers(c), turned.shape[1] as number);
  if (c !== undefined && bias === undefined) throw walk.failure(node, "its bias is not one number a unit");
  dense(walk, scaled(turned, floatOf(attributes, "alpha", 1)), bias && scaled(bias, floatOf(attributes, "beta", 1)));
  walk.moveTo(node.outputs[0] as Value);
};

/** With the Add behind it, where that is a bias. */
const matMul: Writer = (walk, node) => {
  const kernel = walk.numbers(node.inputs[1]);
  if (node.inputs[0]?.name !== walk.at.name || kernel?.shape.length !== 2) throw walk.failure(node);
  if (walk.layout !== "same") throw walk.failure(node, "the axes of its input are in another order");
  walk.moveTo(node.outputs[0] as Value);
  const add = walk.next("Add");
  const other = add?.inputs.find((input) => input?.name !== walk.at.name);
  const bias = add && biasOf(walk.numbers(other), kernel.shape[1] as number);
  dense(walk, kernel, bias);
  if (add !== undefined && bias !== undefined) walk.moveTo(add.outputs[0] as Value);
};

/** Rows of a table by the numbers that the walk is at. */
const gather: Writer = (walk, node) => {
  const [table, numbers] = node.inputs;
  const embeddings = walk.numbers(table);
  if (numbers?.name !== walk.at.name || embeddings?.shape.length !== 2 || intOf(node.attributes, "axis", 0) !== 0)
    return lastStep(walk, node);
  const [rows, width] = embeddings.shape;
  walk.layer("Embedding", { input_dim: rows, output_dim: width, mask_zero: false }, { embeddings });
  walk.moveTo(node.outputs[0] as Value);
};

const RECURRENT = new Set(["LSTM", "GRU"]);

/** The last of a recurrent layer's states. */
function lastStep(walk: Walk, node: Node): void {
  const [data, index] = node.inputs;
  const last = walk.layers.at(-1);
  const axis = walk.layout === "batch-first" ? 0 : 1;
  const steps = walk.at.shape[axis] as number;
  const at = index !== undefined && "data" in index ? Number((index.data as ArrayLike<number | bigint>)[0]) : NaN;
  const isLast = (at === -1 || at === steps - 1) && index?.shape.length === 0;
  if (
    data?.name !== walk.at.name ||
    !isLast ||
    intOf(node.attributes, "axis", 0) !== axis ||
    !RECURRENT.has(last?.class_name ?? "")
  )
    throw walk.failure(node);
  walk.amendLast({ return_sequences: false });
  walk.layout = "same";
  walk.moveTo(node.outputs[0] as Value);
}

export const DENSE_WRITERS: Writers = { Gemm: gemm, MatMul: matMul, Gather: gather };
