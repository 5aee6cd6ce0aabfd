import type { Attributes, Value } from "../../graph/graph.ts";
import { requirePossible } from "../guard.ts";
import { foldElementwise } from "./folding/elementwise.ts";
import { STRUCTURE } from "./folding/structure.ts";
import type { ImportContext } from "./importContext.ts";
import type { Known } from "./known.ts";
import type { RawNode } from "./rawModel.ts";

/** Says in the context what a node's outputs are: by adding nodes, or constants, or by names for what is there already. */
export type Converter = (node: RawNode, context: ImportContext) => void;
export type Converters = Readonly<Record<string, Converter>>;

/** The node's result, where all that it reads is known. */
export function fold(node: RawNode, context: ImportContext, attributes: Attributes): Known | undefined {
  if (node.outputs.length !== 1 || node.inputs.length === 0) return undefined;
  const inputs = node.inputs.map((name) => context.known(name));
  if (node.inputs.some((name, i) => name !== "" && inputs[i] === undefined)) return undefined;
  if (Object.hasOwn(STRUCTURE, node.operator)) return STRUCTURE[node.operator]?.(inputs, attributes);
  return inputs.includes(undefined) ? undefined : foldElementwise(node.operator, inputs as readonly Known[]);
}

/** Adds the node to the graph, with inputs and attributes that may differ from the file's. */
export function addNode(
  node: RawNode,
  context: ImportContext,
  inputs: readonly (Value | undefined)[],
  attributes: Attributes,
  outputCount: number = countOutputs(node),
): void {
  const { graph } = context.model;
  const values = graph.nodes(node.operator, withoutTail(inputs), outputCount, attributes, node.name);
  values.forEach((value, i) => {
    const name = node.outputs[i] ?? "";
    requirePossible(`its output "${name}"`, value.shape);
    context.defineValue(name, value);
  });
}

/** Optional inputs that are left out at the end do not count. */
function withoutTail(inputs: readonly (Value | undefined)[]): readonly (Value | undefined)[] {
  return inputs.slice(0, inputs.findLastIndex((input) => input !== undefined) + 1);
}

/** Up to the last that has a name. */
function countOutputs({ outputs }: RawNode): number {
  return Math.max(1, outputs.findLastIndex((name) => name !== "") + 1);
}
