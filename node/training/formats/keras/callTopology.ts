import { PacelineError } from "../../../core/errors.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import { errorAt, ownValue, requireFewNodes, requirePossible } from "../guard.ts";
import { LayerConfig, type LayerFile } from "./layerConfig.ts";
import type { LayerBudget } from "./layerBudget.ts";
import { callLayer } from "./layerTable.ts";
import type { Plane } from "./plane.ts";
import { isModel, type LayerNode, type TensorRef, type Topology, topologyOf } from "./topology.ts";
import type { Weights } from "./weights.ts";

export interface CallContext {
  readonly builder: GraphBuilder;
  readonly weights: Weights;
  readonly file: LayerFile;
  /** The layer's call whose activation is left to the loss. */
  readonly bare: TensorRef | undefined;
  readonly budget: LayerBudget;
  /** Of models in models. */
  readonly depth?: number;
}

/** Adds the examples' inputs, in the order of the model's. */
export function addInputs(
  topology: Topology,
  file: LayerFile,
  given: Readonly<Record<string, readonly number[]>>,
  add: (name: string, type: "float32" | "int32", shape: readonly number[]) => Plane,
): readonly Plane[] {
  return topology.inputs.map((ref) => {
    const node = layerOf(topology, ref.layer);
    if (node.className !== "InputLayer")
      throw new PacelineError("unsupported", `the model's input "${ref.layer}" is a layer of class ${node.className}`);
    const config = new LayerConfig(node.name, node.className, node.config, file);
    const shape = ownValue(given, node.name) ?? inputShape(config);
    requirePossible(`the model's input "${node.name}"`, ["batch", ...shape]);
    return add(node.name, inputType(topology, config), shape);
  });
}

function inputShape(config: LayerConfig): readonly number[] {
  const shape = config.raw("batch_input_shape") ?? config.raw("batch_shape");
  if (!Array.isArray(shape) || shape.length === 0)
    throw new PacelineError("bad-input", `the model's input "${config.name}" has no shape`);
  return shape.slice(1).map((size: unknown, i) => {
    if (Number.isSafeInteger(size) && (size as number) >= 1) return size as number;
    throw new PacelineError(
      "bad-input",
      `the size of axis ${i + 1} of the model's input "${config.name}" is open: give the shape of one example under "inputShapes" in the model's spec`,
    );
  });
}

/** Numbers of words come as float32 in many files; an embedding reads them as what they are. */
function inputType({ layers }: Topology, config: LayerConfig): "float32" | "int32" {
  const readers = layers.filter(({ calls }) => calls.some((refs) => refs.some(({ layer }) => layer === config.name)));
  const embeds = readers.length > 0 && readers.every(({ className }) => className === "Embedding");
  const type = config.raw("dtype");
  return embeds || (typeof type === "string" && type.startsWith("int")) ? "int32" : "float32";
}

/**
 * Calls all layers, each when what it reads is there.
 * @returns the model's outputs
 */
export function callTopology(topology: Topology, inputs: readonly Plane[], context: CallContext): readonly Plane[] {
  context.budget.spend(topology);
  const made = new Map<string, Plane>();
  topology.inputs.forEach((ref, i) => made.set(keyOf(ref), inputs[i] as Plane));
  let open = topology.layers.flatMap((layer) =>
    layer.calls.map((refs, call) => ({ layer, refs, ref: { layer: layer.name, call, tensor: 0 } })),
  );
  while (open.length > 0) {
    const waiting = open.filter(({ layer, refs, ref }) => {
      const read = refs.map((each) => made.get(keyOf(each)));
      if (read.includes(undefined)) return true;
      made.set(keyOf(ref), callNode(layer, ref, read as readonly Plane[], context));
      return false;
    });
    if (waiting.length === open.length)
      throw new PacelineError("bad-input", `layer "${open[0]!.layer.name}" reads a tensor that no layer makes`);
    open = waiting;
  }
  return topology.outputs.map((ref) => {
    const plane = made.get(keyOf(ref));
    if (plane === undefined) throw new PacelineError("bad-input", `no layer makes the model's output "${ref.layer}"`);
    return plane;
  });
}

function keyOf({ layer, call, tensor }: TensorRef): string {
  return `${call} ${tensor} ${layer}`;
}

const MAX_DEPTH = 20;

function callNode(layer: LayerNode, ref: TensorRef, inputs: readonly Plane[], context: CallContext): Plane {
  const { name, className } = layer;
  const { builder, weights, file, bare, depth = 0 } = context;
  if (isModel(className)) {
    if (depth >= MAX_DEPTH) throw new PacelineError("bad-input", "models are nested too deeply");
    return callModel(layer, inputs, { ...context, bare: undefined, depth: depth + 1 });
  }
  const config = new LayerConfig(name, className, layer.config, file);
  const withoutActivation = bare?.layer === name && bare.call === ref.call;
  try {
    const plane = callLayer({ config, inputs, builder, weights, scope: [name], withoutActivation });
    requirePossible("its output", plane.value.shape);
    requireFewNodes("the model up to here", builder.nodeCount);
    return plane;
  } catch (error) {
    throw errorAt(config.where(), error, { layer: name });
  }
}

/** A model as a layer: its inputs are what it is called with. */
function callModel({ name, className, config }: LayerNode, inputs: readonly Plane[], context: CallContext): Plane {
  const inner = topologyOf(className, config);
  if (inner.inputs.length !== inputs.length || inner.outputs.length !== 1)
    throw new PacelineError("unsupported", `the model "${name}" inside the model has several outputs, or other inputs`);
  const frozen = config["trainable"] === false;
  const layers = frozen
    ? inner.layers.map((layer) => ({ ...layer, config: { ...layer.config, trainable: false } }))
    : inner.layers;
  return callTopology({ ...inner, layers }, inputs, context)[0] as Plane;
}

function layerOf({ layers }: Topology, name: string): LayerNode {
  const layer = layers.find((each) => each.name === name);
  if (layer === undefined) throw new PacelineError("bad-input", `the model has no layer "${name}"`);
  return layer;
}
