import { PacelineError } from "../../core/errors.ts";
import { atNode } from "./atNode.ts";
import type { Attributes, Constant, ElementType, Graph, Node, Shape, Value } from "./graph.ts";
import { inferShapes } from "./inferShapes.ts";
import { padAllAxes } from "./padAllAxes.ts";

/** Names must differ between a graph and its bodies, so they share one counter. */
interface NameCounter {
  next: number;
}

/** Adds nodes in the order in which they run; every value gets its type and shape as it is made. */
export class GraphBuilder {
  readonly #name: string;
  readonly #names: NameCounter;
  readonly #inputs: Value[] = [];
  readonly #outputs: Value[] = [];
  readonly #constants: Constant[] = [];
  readonly #nodes: Node[] = [];

  constructor(name: string, names: NameCounter = { next: 0 }) {
    this.#name = name;
    this.#names = names;
  }

  /** Keeps the name it is given: feeds are named by it. */
  input(name: string, type: ElementType, shape: Shape): Value {
    const value = { name, type, shape };
    this.#inputs.push(value);
    return value;
  }

  /** Declares `value` an output of the graph under its own name, or under `name`. */
  output(value: Value, name?: string): Value {
    const output = name === undefined ? value : this.#emit("Identity", [value], {}, [{ ...value, name }])[0]!;
    this.#outputs.push(output);
    return output;
  }

  floats(values: readonly number[], shape: readonly number[] = [values.length]): Constant {
    return this.constant("float32", Float32Array.from(values), shape);
  }

  /** int64 is what ONNX wants of shapes, axes and sizes. */
  ints(values: readonly number[], shape: readonly number[] = [values.length]): Constant {
    return this.constant("int64", BigInt64Array.from(values, BigInt), shape);
  }

  ints32(values: ArrayLike<number>, shape: readonly number[] = [values.length]): Constant {
    return this.constant("int32", Int32Array.from(values), shape);
  }

  constant(type: ElementType, data: Constant["data"], shape: readonly number[], name?: string): Constant {
    const constant = { name: name ?? this.#fresh("constant"), type, shape, data };
    this.#constants.push(constant);
    return constant;
  }

  /** Adds an operator with one output. */
  node(operator: string, inputs: readonly (Value | undefined)[], attributes: Attributes = {}, name = ""): Value {
    return this.nodes(operator, inputs, 1, attributes, name)[0] as Value;
  }

  /**
   * Adds an operator with `outputCount` outputs.
   * @throws PacelineError `unsupported` or `bad-input` naming the operator (and the node where it has a name)
   */
  nodes(
    operator: string,
    inputs: readonly (Value | undefined)[],
    outputCount: number,
    attributes: Attributes = {},
    name = "",
  ): readonly Value[] {
    const types = this.#infer(operator, inputs, outputCount, attributes, name);
    const outputs = types.map((typed) => ({ name: this.#fresh(operator), ...typed }));
    const given = operator === "Pad" ? padAllAxes(inputs, (values) => this.ints(values)) : inputs;
    return this.#emit(operator, given, attributes, outputs, name);
  }

  /** Adds a node whose outputs' types the caller knows: those with bodies, and those whose sizes only show when they run. */
  typedNodes(
    operator: string,
    inputs: readonly (Value | undefined)[],
    outputs: readonly { readonly type: ElementType; readonly shape: Shape }[],
    attributes: Attributes = {},
  ): readonly Value[] {
    return this.#emit(
      operator,
      inputs,
      attributes,
      outputs.map(({ type, shape }) => ({ name: this.#fresh(operator), type, shape })),
    );
  }

  /**
   * An ONNX `Loop` of `trips` iterations over `carried` state. `body` adds the nodes of one iteration and returns the new state,
   * in the same order and of the same types.
   * @param trips scalar int64
   * @returns the state after the last iteration
   */
  loop(
    trips: Value,
    carried: readonly Value[],
    body: (builder: GraphBuilder, iteration: Value, state: readonly Value[]) => readonly Value[],
  ): readonly Value[] {
    const builder = this.body();
    const iteration = builder.input(this.#fresh("iteration"), "int64", []);
    const go = builder.input(this.#fresh("go"), "bool", []);
    const state = carried.map(({ type, shape }) => builder.input(this.#fresh("state"), type, shape));
    const next = body(builder, iteration, state);
    if (next.length !== carried.length)
      throw new PacelineError(
        "bad-argument",
        `the loop carries ${carried.length} values, its body returned ${next.length}`,
      );
    builder.output(go, this.#fresh("goOn"));
    for (const value of next) builder.output(value, this.#fresh("next"));
    const always = this.constant("bool", Uint8Array.of(1), []);
    return this.typedNodes("Loop", [trips, always, ...carried], carried, {
      body: { kind: "graph", value: builder.build() },
    });
  }

  /** A builder for the body of a node that is added to this one: its names differ from all others. */
  body(): GraphBuilder {
    return new GraphBuilder(this.#fresh("body"), this.#names);
  }

  /** Of this builder's own nodes, without those in bodies. */
  get nodeCount(): number {
    return this.#nodes.length;
  }

  /** A name that no other value of the graph has. */
  freshName(prefix: string): string {
    return this.#fresh(prefix);
  }

  /** The node that made `value`, where it was added to this builder. */
  producerOf(value: Value): Node | undefined {
    return this.#nodes.find(({ outputs }) => outputs.some(({ name }) => name === value.name));
  }

  /** Whether a node of this builder reads `value`. */
  isRead(value: Value): boolean {
    return this.#nodes.some(({ inputs }) => inputs.some((input) => input?.name === value.name));
  }

  /** Takes back a node whose outputs nobody reads. */
  remove(node: Node): void {
    this.#nodes.splice(this.#nodes.indexOf(node), 1);
  }

  build(): Graph {
    return {
      name: this.#name,
      inputs: this.#inputs,
      outputs: this.#outputs,
      constants: this.#constants,
      nodes: this.#nodes,
    };
  }

  #infer(
    operator: string,
    inputs: readonly (Value | undefined)[],
    outputCount: number,
    attributes: Attributes,
    name: string,
  ): ReturnType<typeof inferShapes> {
    return atNode(operator, name, () => inferShapes({ operator, inputs, attributes, outputCount }));
  }

  #emit(
    operator: string,
    inputs: readonly (Value | undefined)[],
    attributes: Attributes,
    outputs: readonly Value[],
    name = "",
  ): readonly Value[] {
    this.#nodes.push({ operator, name, inputs, outputs, attributes });
    return outputs;
  }

  #fresh(prefix: string): string {
    return `${prefix}_${this.#names.next++}`;
  }
}
