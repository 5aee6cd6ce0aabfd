import { PacelineError } from "../../../core/errors.ts";
import { type RawModel, type RawNode, type RawTensor, describeNode } from "./rawModel.ts";

/** Where a node reads a value. */
export interface Use {
  readonly node: RawNode;
  readonly input: number;
}

/** Who makes and who reads each value of a file's graph. */
export class RawGraph {
  readonly model: RawModel;
  readonly initialisers: ReadonlyMap<string, RawTensor>;
  readonly #producers = new Map<string, RawNode>();

  /** @throws PacelineError `bad-input` where two nodes make the same value */
  constructor(model: RawModel) {
    this.model = model;
    this.initialisers = new Map(model.initialisers.map((tensor) => [tensor.name, tensor]));
    for (const node of model.nodes) {
      for (const name of node.outputs) {
        if (name === "") continue;
        if (this.#producers.has(name) || this.initialisers.has(name))
          throw new PacelineError("bad-input", `${describeNode(node)} makes "${name}", which is there already`);
        this.#producers.set(name, node);
      }
    }
  }

  producerOf(name: string): RawNode | undefined {
    return this.#producers.get(name);
  }

  /** The nodes that `output` depends on, in the order of the file. `aliases` stand for other values. */
  nodesBehind(output: string, aliases: ReadonlyMap<string, string>): readonly RawNode[] {
    const found = new Set<RawNode>();
    const seen = new Set<string>();
    const open = [output];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      const alias = aliases.get(name);
      const node = this.#producers.get(name);
      if (alias !== undefined) open.push(alias);
      else if (node !== undefined) {
        found.add(node);
        for (const input of node.inputs) open.push(input);
      }
    }
    return this.model.nodes.filter((node) => found.has(node));
  }
}

/** Where each value is read by `nodes`. */
export function usesBy(nodes: readonly RawNode[]): ReadonlyMap<string, readonly Use[]> {
  const uses = new Map<string, Use[]>();
  for (const node of nodes) {
    node.inputs.forEach((name, input) => {
      const known = uses.get(name) ?? [];
      known.push({ node, input });
      uses.set(name, known);
    });
  }
  return uses;
}
