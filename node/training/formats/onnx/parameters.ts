import { PacelineError } from "../../../core/errors.ts";
import type { Constant } from "../../graph/graph.ts";
import type { TensorSpec } from "../../models/model.ts";
import { ownValue } from "../guard.ts";
import { type RawGraph, type Use, usesBy } from "./rawGraph.ts";
import type { RawNode, RawTensor } from "./rawModel.ts";

/**
 * Which initialisers of a file are trained. A float initialiser that the output depends on is a weight, except
 * - what only sets how an operator works: exponents, bounds, ratios, paddings
 * - a single number, unless it is where an operator has its weights or bias
 * - what is subtracted from the examples, or divides them, before anything that is trained: that scales the inputs
 * - the running mean and variance of a batch normalisation: statistics, which follow the batches
 * - what the model's spec calls frozen.
 * Values of Constant nodes are constants.
 */
export type Role = TensorSpec["role"] | "constant";

/** Inputs that are settings, by operator. */
const SETTINGS: Readonly<Record<string, readonly number[]>> = {
  Clip: [1, 2],
  Pad: [1, 2, 3],
  Pow: [1],
  Dropout: [1, 2],
  OneHot: [1, 2],
  Where: [0],
  Range: [0, 1, 2],
  Shape: [0],
  Size: [0],
  LSTM: [4, 5, 6],
  GRU: [4, 5],
  RNN: [4, 5],
};

/** Inputs where even a single number is trained. */
const WEIGHTS: Readonly<Record<string, readonly number[]>> = {
  MatMul: [0, 1],
  Gemm: [0, 1, 2],
  Conv: [1, 2],
  Gather: [0],
  LSTM: [1, 2, 3],
  GRU: [1, 2, 3],
  RNN: [1, 2, 3],
  PRelu: [1],
  BatchNormalization: [1, 2],
  LayerNormalization: [1, 2],
  GroupNormalization: [1, 2],
  InstanceNormalization: [1, 2],
};

const PRODUCTS = new Set(["MatMul", "Gemm", "Conv"]);
/** What hands an initialiser on in another form. */
const PASSES = new Set(["Identity", "Cast", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten"]);

/**
 * @param nodes those that the output depends on
 * @throws PacelineError `bad-input` where `frozen` names something that is no initialiser
 */
export function initialiserRoles(
  graph: RawGraph,
  nodes: readonly RawNode[],
  frozen: readonly string[],
): ReadonlyMap<string, Role> {
  const stranger = frozen.find((name) => !graph.initialisers.has(name));
  if (stranger !== undefined)
    throw new PacelineError("bad-input", `frozen names "${stranger}", which is no initialiser of the model`);
  const uses = usesBy(nodes);
  const scaling = inputScaling(graph, nodes);
  const roles = new Map<string, Role>();
  for (const [name, tensor] of graph.initialisers)
    roles.set(
      name,
      frozen.includes(name) || scaling.has(name) ? "constant" : roleOf(tensor, usesOf(name, uses), graph),
    );
  return roles;
}

/** Uses of a value, those of its other forms included. */
function usesOf(name: string, uses: ReadonlyMap<string, readonly Use[]>): readonly Use[] {
  const found: Use[] = [];
  const open = [name];
  const seen = new Set(open);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const use of uses.get(next) ?? []) {
      if (!PASSES.has(use.node.operator) || use.input !== 0) found.push(use);
      else {
        const fresh = use.node.outputs.filter((output) => !seen.has(output));
        fresh.forEach((output) => seen.add(output));
        open.push(...fresh);
      }
    }
  }
  return found;
}

function roleOf(tensor: RawTensor, uses: readonly Use[], graph: RawGraph): Role {
  if (tensor.type !== "float32") return "constant";
  if (uses.some(({ node, input }) => node.operator === "BatchNormalization" && input >= 3)) return "statistic";
  const trained = uses.filter(({ node, input }) => !(ownValue(SETTINGS, node.operator) ?? []).includes(input));
  if (trained.length === 0) return "constant";
  return isVector(tensor) || trained.some((use) => isWeight(use, graph)) ? "weight" : "constant";
}

function isVector(tensor: RawTensor): boolean {
  return (tensor as Constant).data.length > 1;
}

function isWeight({ node, input }: Use, graph: RawGraph): boolean {
  if ((ownValue(WEIGHTS, node.operator) ?? []).includes(input)) return true;
  const other = graph.producerOf(node.inputs[1 - input] ?? "");
  return node.operator === "Add" && other !== undefined && PRODUCTS.has(other.operator);
}

/** Initialisers that shift or scale values which no initialiser was part of before. */
function inputScaling(graph: RawGraph, nodes: readonly RawNode[]): ReadonlySet<string> {
  const found = new Set<string>();
  const isInitialiser = (name: string): boolean => graph.initialisers.get(name)?.type === "float32";
  const untouched = new Set(graph.model.inputs.map(({ name }) => name).filter((name) => !graph.initialisers.has(name)));
  for (const { operator, inputs, outputs } of nodes) {
    const [first = "", second = ""] = inputs;
    const scales = (operator === "Sub" || operator === "Div") && untouched.has(first) && isInitialiser(second);
    // behind a shift, the factor may be written as a product
    const multiplies = operator === "Mul" && untouched.has(first) && isInitialiser(second) && isShifted(graph, first);
    if (scales || multiplies) found.add(second);
    if (scales || multiplies || (PASSES.has(operator) && untouched.has(first)))
      outputs.forEach((name) => untouched.add(name));
  }
  return found;
}

function isShifted(graph: RawGraph, name: string): boolean {
  return graph.producerOf(name)?.operator === "Sub";
}
