import { PacelineError } from "../../core/errors.ts";
import { atNode } from "../graph/atNode.ts";
import type { Graph, Node, Value } from "../graph/graph.ts";
import type { Tape } from "./tape.ts";

/**
 * - `train`: dropout drops, batch normalisation uses the batch's statistics and moves its running ones
 * - `infer`: the model as it predicts, differentiable too
 */
export type Mode = "train" | "infer";

/** Adds what a node of a model does to the emission's tape, in other nodes than its own; defines the node's outputs. */
export type Lowering = (emission: Emission, node: Node) => void;
export type Lowerings = Readonly<Record<string, Lowering>>;

/** Adds a model's forward pass to a tape, node by node; a lowering may put others in the place of a node. */
export class Emission {
  readonly tape: Tape;
  readonly mode: Mode;
  /** New values of statistics, by the name of the tensor. */
  readonly statistics = new Map<string, Value>();
  /** Other forms of a value, such as one with the channels last, by the value's name in the model's graph; for lowerings. */
  readonly forms = new Map<string, unknown>();
  readonly #graph: Graph;
  readonly #values = new Map<string, Value | (() => Value)>();
  readonly #dropoutNoise: ((dropout: number, value: Value) => Value) | undefined;
  #dropouts = 0;

  /**
   * @param bindings the tape's value of each of the graph's inputs, by name
   * @param dropoutNoise uniforms in [0, 1) of a value's shape, for the n-th dropout; needed to train with dropout
   */
  constructor(
    tape: Tape,
    mode: Mode,
    graph: Graph,
    bindings: ReadonlyMap<string, Value>,
    dropoutNoise?: (dropout: number, value: Value) => Value,
  ) {
    this.tape = tape;
    this.mode = mode;
    this.#graph = graph;
    this.#dropoutNoise = dropoutNoise;
    for (const [name, value] of bindings) this.#values.set(name, value);
    for (const { name, type, data, shape } of graph.constants)
      this.#values.set(name, tape.builder.constant(type, data, shape));
  }

  /** The tape's value of a value of the model's graph. */
  valueOf(value: Value): Value {
    const known = this.#values.get(value.name);
    if (known === undefined) throw new PacelineError("bad-input", `the value ${value.name} is used before it is made`);
    if (typeof known !== "function") return known;
    const made = known();
    this.#values.set(value.name, made);
    return made;
  }

  inputsOf(node: Node): readonly (Value | undefined)[] {
    return node.inputs.map((input) => (input === undefined ? undefined : this.valueOf(input)));
  }

  /** Says what a value of the model's graph is on the tape; a function is called when it is first needed. */
  define(value: Value, made: Value | (() => Value)): void {
    this.#values.set(value.name, made);
  }

  /** The nodes of the model's graph that read `value`. */
  readersOf(value: Value): readonly Node[] {
    return this.#graph.nodes.filter(({ inputs }) => inputs.some((input) => input?.name === value.name));
  }

  isOutput(value: Value): boolean {
    return this.#graph.outputs.some(({ name }) => name === value.name);
  }

  /** Uniforms in [0, 1) of the shape of `value`, for the next dropout. */
  noiseFor(value: Value): Value {
    if (this.#dropoutNoise === undefined) throw new PacelineError("bad-argument", "dropout needs noise to train");
    return this.#dropoutNoise(this.#dropouts++, value);
  }

  /** Copies a node as it is. */
  copy(node: Node): void {
    const outputs = this.tape.nodes(
      node.operator,
      this.inputsOf(node),
      node.outputs.length,
      node.attributes,
      node.name,
    );
    node.outputs.forEach((output, i) => this.define(output, outputs[i] as Value));
  }

  /** @returns the graph's first output */
  run(lowerings: Lowerings): Value {
    for (const node of this.#graph.nodes) {
      const lowering = Object.hasOwn(lowerings, node.operator) ? lowerings[node.operator] : undefined;
      if (lowering === undefined) this.copy(node);
      else atNode(node.operator, node.name, () => lowering(this, node));
    }
    return this.valueOf(this.#graph.outputs[0] as Value);
  }
}
