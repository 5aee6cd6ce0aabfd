import { floatOf, intOf } from "../../graph/attributes.ts";
import { type Node, type Value, float, int } from "../../graph/graph.ts";
import type { Emission, Lowering } from "../emission.ts";
import { normaliseLayer } from "./layerNormalisation.ts";

/**
 * Group normalisation (Wu and He, "Group Normalization", 2018) of [batch, channels, …]: each example's groups of channels by
 * themselves, so that training and prediction are the same, and no statistics go from peer to peer.
 */
export const groupNormalisation: Lowering = (emission, node) => {
  normaliseGroups(emission, node, intOf(node.attributes, "num_groups", 1));
};

/** The same with every channel a group (Ulyanov et al., "Instance Normalization", 2016). */
export const instanceNormalisation: Lowering = (emission, node) => {
  normaliseGroups(emission, node, (node.inputs[0] as Value).shape[1] as number);
};

function normaliseGroups(emission: Emission, node: Node, groups: number): void {
  const { tape } = emission;
  const { builder } = tape;
  const [x, scale, bias] = emission.inputsOf(node) as [Value, Value, Value];
  const grouped = tape.node("Reshape", [x, builder.ints([0, groups, -1])]);
  const epsilon = floatOf(node.attributes, "epsilon", 1e-5);
  const [normalised] = normaliseLayer(tape, [grouped, builder.floats([1])], { axis: int(-1), epsilon: float(epsilon) });
  const sizes = x.shape.slice(1) as readonly number[];
  const apart = tape.node("Reshape", [normalised, builder.ints([-1, ...sizes])]);
  const perChannel = (value: Value): Value =>
    tape.node("Reshape", [value, builder.ints([-1, ...sizes.slice(1).map(() => 1)])]);
  const scaled = tape.node("Mul", [apart, perChannel(scale)]);
  emission.define(node.outputs[0] as Value, tape.node("Add", [scaled, perChannel(bias)]));
}
