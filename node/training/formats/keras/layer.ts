import type { GraphBuilder } from "../../graph/builder.ts";
import type { Attributes, Value } from "../../graph/graph.ts";
import type { LayerConfig } from "./layerConfig.ts";
import { type Plane, visible } from "./plane.ts";
import type { Weights } from "./weights.ts";

/** One call of a layer. */
export interface LayerCall {
  readonly config: LayerConfig;
  readonly inputs: readonly Plane[];
  readonly builder: GraphBuilder;
  readonly weights: Weights;
  /** Names under which the layer's weights stand. */
  readonly scope: readonly string[];
  /** Whether its activation is left to the loss. */
  readonly withoutActivation: boolean;
}

/** Adds a layer's nodes. @throws PacelineError naming the layer */
export type Layer = (call: LayerCall) => Plane;
export type Layers = Readonly<Record<string, Layer>>;

export function weightOf(
  { weights, config, scope }: LayerCall,
  name: string,
  index: number,
  shape: readonly number[],
): Value {
  return weights.take(config, name, index, shape, [...scope]);
}

/** @throws PacelineError `bad-input` unless the layer reads one tensor */
export function inputOf({ inputs, config }: LayerCall): Plane {
  const [only] = inputs;
  if (only === undefined || inputs.length > 1)
    throw config.unsupported(`it reads ${inputs.length} tensors instead of one`);
  return only;
}

export function visibleInput(call: LayerCall): Value {
  return visible(call.builder, inputOf(call));
}

/** A size of the input's that must be known. */
export function fixedSize({ config }: LayerCall, { shape }: Value, axis: number): number {
  const size = shape.at(axis);
  if (typeof size !== "number")
    throw config.unsupported(`the input's axis ${axis} has no fixed size: [${shape.join(", ")}]`);
  return size;
}

/** A node that carries the layer's name, so that errors of engines do. */
export function layerNode(
  { builder, config }: LayerCall,
  operator: string,
  inputs: readonly (Value | undefined)[],
  attributes: Attributes = {},
): Value {
  return builder.node(operator, inputs, attributes, config.nodeName());
}

/** A tensor of its own type as float32: ids may go to other layers, too. */
export function asFloat(builder: GraphBuilder, value: Value): Value {
  return value.type === "float32" ? value : builder.node("Cast", [value], { to: { kind: "int", value: 1 } });
}
