import { PacelineError } from "../../../core/errors.ts";
import { intsOf } from "../../graph/attributes.ts";
import { type Constant, isConstant, type Node, type Value } from "../../graph/graph.ts";
import { type Model, tensorSlots } from "../../models/model.ts";
import type { KerasWeight } from "../keras/kerasFile.ts";
import { floatWeight } from "./layersFile.ts";
import { type Numbers, transposed } from "./tensor.ts";

/**
 * Where the layers' value has its axes, beside the graph's:
 * - `same`
 * - `channels-last`: behind all others what the graph has behind the batch
 * - `batch-first`: [batch, steps, …] where the graph has [steps, batch, …]
 */
export type Layout = "same" | "channels-last" | "batch-first";

export interface WrittenLayer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Goes along a graph that is a chain from its one example input to its output, and collects layers that do the same. */
export class Walk {
  layout: Layout = "same";
  readonly layers: WrittenLayer[] = [];
  readonly weights: KerasWeight[] = [];
  #at: Value;
  readonly #model: Model;
  readonly #params = new Map<string, Numbers>();
  readonly #names = new Map<string, number>();

  constructor(model: Model, params: Float32Array) {
    this.#model = model;
    this.#at = model.graph.inputs[0] as Value;
    tensorSlots(model.tensors).forEach(({ shape, offset, length }, i) => {
      const { name } = model.graph.inputs[model.exampleInputs + i] as Value;
      this.#params.set(name, { shape, values: params.slice(offset, offset + length) });
    });
  }

  /** The value that the layers so far make. */
  get at(): Value {
    return this.#at;
  }

  get done(): boolean {
    return this.#at.name === this.#model.graph.outputs[0]?.name;
  }

  /** The one node that reads the value. @throws PacelineError `unsupported` where there are several */
  reader(): Node {
    const readers = this.#model.graph.nodes.filter(({ inputs }) =>
      inputs.some((input) => input?.name === this.#at.name),
    );
    const [only] = readers;
    if (only === undefined || readers.length > 1)
      throw new PacelineError(
        "unsupported",
        `the model cannot be written as TensorFlow.js layers: ${readers.length} nodes read ${this.#at.name}, and only chains of layers are written`,
      );
    return only;
  }

  /** The node that reads the value next, where it is one of that operator. */
  next(operator: string): Node | undefined {
    if (this.done) return undefined;
    const node = this.reader();
    return node.operator === operator ? node : undefined;
  }

  /** Whether a node reads the value, or it is the output. */
  isRead(value: Value): boolean {
    const { nodes, outputs } = this.#model.graph;
    const is = (other: Value | undefined): boolean => other?.name === value.name;
    return nodes.some(({ inputs }) => inputs.some(is)) || outputs.some(is);
  }

  moveTo(value: Value): void {
    this.#at = value;
  }

  /** `unsupported`, naming the node. */
  failure({ operator, name }: Node, why = "no layer does the same"): PacelineError {
    const where = name === "" ? operator : `${operator} "${name}"`;
    return new PacelineError("unsupported", `the model cannot be written as TensorFlow.js layers: ${where}: ${why}`);
  }

  /** Numbers of a param or constant, or of one that is turned around. */
  numbers(value: Value | undefined): Numbers | undefined {
    if (value === undefined) return undefined;
    const param = this.#params.get(value.name);
    if (param !== undefined) return param;
    if (isConstant(value)) return floatsOf(value);
    const producer = this.#model.graph.nodes.find(({ outputs }) => outputs[0]?.name === value.name);
    const from = this.#numbersBehind(producer);
    if (from === undefined || producer === undefined) return undefined;
    if (producer.operator === "Identity") return from;
    const order = intsOf(producer.attributes, "perm") ?? [...from.shape.keys()].reverse();
    return transposed(from, order);
  }

  #numbersBehind(node: Node | undefined): Numbers | undefined {
    const passes = node?.operator === "Transpose" || node?.operator === "Identity";
    return passes ? this.numbers(node.inputs[0]) : undefined;
  }

  /** Adds a layer, with a name of its own, and its weights. */
  layer(
    className: string,
    config: Readonly<Record<string, unknown>>,
    weights: Readonly<Record<string, Numbers | undefined>> = {},
  ): void {
    const base = className.toLowerCase();
    const count = (this.#names.get(base) ?? 0) + 1;
    this.#names.set(base, count);
    const name = `${base}_${count}`;
    this.layers.push({ class_name: className, config: { ...config, name, trainable: true } });
    for (const [weight, numbers] of Object.entries(weights))
      if (numbers !== undefined) this.weights.push(floatWeight(`${name}/${weight}`, numbers.shape, numbers.values));
  }

  /** Changes what the last layer is told. */
  amendLast(config: Readonly<Record<string, unknown>>): void {
    const last = this.layers.pop();
    if (last !== undefined) this.layers.push({ ...last, config: { ...last.config, ...config } });
  }

  /** Brings the layers' axes into the graph's order. */
  settle(): void {
    const rank = this.#at.shape.length;
    if (this.layout === "channels-last" && rank > 2)
      this.layer("Permute", { dims: [rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)] });
    if (this.layout !== "batch-first") this.layout = "same";
  }

  /** Brings the channels behind all other axes. */
  channelsLast(): void {
    if (this.layout === "channels-last") return;
    const rank = this.#at.shape.length;
    this.layer("Permute", { dims: [...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1] });
    this.layout = "channels-last";
  }
}

function floatsOf({ type, shape, data }: Constant): Numbers | undefined {
  return type === "float32" ? { shape, values: data as Float32Array } : undefined;
}
