import { PacelineError } from "../../core/errors.ts";

/**
 * A computation graph of standard ONNX operators. Nodes are added in the order in which they run; a value is named by the
 * graph that makes it, and a body (of a `Loop`) may use the values of the graph around it.
 */

export type ElementType = "float32" | "int32" | "int64" | "bool";

/** A named size (`"examples"`) is known only when the graph runs. */
export type Shape = readonly (number | string)[];

/** A value of the graph: what an operator reads and writes. */
export interface Value {
  readonly name: string;
}

export interface TypedValue extends Value {
  readonly type: ElementType;
  readonly shape: Shape;
}

export interface Constant extends TypedValue {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | BigInt64Array | Uint8Array;
}

export type Attribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "graph"; readonly value: Graph };

export interface Node {
  readonly operator: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface Graph {
  readonly name: string;
  readonly inputs: readonly TypedValue[];
  readonly outputs: readonly TypedValue[];
  readonly constants: readonly Constant[];
  readonly nodes: readonly Node[];
}

export const int = (value: number): Attribute => ({ kind: "int", value });
export const float = (value: number): Attribute => ({ kind: "float", value });

/** Names must differ between a graph and its bodies, so they share one counter. */
interface NameCounter {
  next: number;
}

export class GraphBuilder {
  readonly #name: string;
  readonly #names: NameCounter;
  readonly #inputs: TypedValue[] = [];
  readonly #outputs: TypedValue[] = [];
  readonly #constants: Constant[] = [];
  readonly #nodes: Node[] = [];

  constructor(name: string, names: NameCounter = { next: 0 }) {
    this.#name = name;
    this.#names = names;
  }

  /** Keeps the name it is given: feeds are named by it. */
  input(name: string, type: ElementType, shape: Shape): TypedValue {
    const value = { name, type, shape };
    this.#inputs.push(value);
    return value;
  }

  /** Declares `value` an output of the graph under its own name, or under `name`. */
  output(value: Value, type: ElementType, shape: Shape, name?: string): TypedValue {
    const named = name === undefined ? value : this.node("Identity", [value], {}, [name]);
    const output = { name: named.name, type, shape };
    this.#outputs.push(output);
    return output;
  }

  floats(values: readonly number[], shape: readonly number[] = [values.length]): Constant {
    return this.#constant("float32", Float32Array.from(values), shape);
  }

  /** int64 is what ONNX wants of shapes, axes and sizes. */
  ints(values: readonly number[], shape: readonly number[] = [values.length]): Constant {
    return this.#constant("int64", BigInt64Array.from(values, BigInt), shape);
  }

  ints32(values: readonly number[], shape: readonly number[] = [values.length]): Constant {
    return this.#constant("int32", Int32Array.from(values), shape);
  }

  /** Adds an operator with one output. */
  node(
    operator: string,
    inputs: readonly Value[],
    attributes: Record<string, Attribute> = {},
    names?: readonly string[],
  ): Value {
    return this.nodes(operator, inputs, 1, attributes, names)[0] as Value;
  }

  /** Adds an operator with `outputCount` outputs. */
  nodes(
    operator: string,
    inputs: readonly Value[],
    outputCount: number,
    attributes: Record<string, Attribute> = {},
    names?: readonly string[],
  ): readonly Value[] {
    const outputs = Array.from({ length: outputCount }, (_, i) => ({ name: names?.[i] ?? this.#fresh(operator) }));
    this.#nodes.push({ operator, inputs, outputs, attributes });
    return outputs;
  }

  /**
   * An ONNX `Loop` of `trips` iterations over `carried` state. `body` adds the nodes of one iteration and returns the new state,
   * in the same order and of the same types.
   * @param trips scalar int64
   * @returns the state after the last iteration
   */
  loop(
    trips: Value,
    carried: readonly TypedValue[],
    body: (builder: GraphBuilder, iteration: Value, state: readonly TypedValue[]) => readonly Value[],
  ): readonly Value[] {
    const builder = new GraphBuilder(this.#fresh("body"), this.#names);
    const iteration = builder.input(this.#fresh("iteration"), "int64", []);
    const go = builder.input(this.#fresh("go"), "bool", []);
    const state = carried.map(({ type, shape }) => builder.input(this.#fresh("state"), type, shape));
    const next = body(builder, iteration, state);
    if (next.length !== carried.length) {
      throw new PacelineError(
        "bad-argument",
        `the loop carries ${carried.length} values, its body returned ${next.length}`,
      );
    }
    builder.output(go, "bool", [], this.#fresh("goOn"));
    next.forEach((value, i) =>
      builder.output(value, (carried[i] as TypedValue).type, (carried[i] as TypedValue).shape),
    );
    const always = this.#constant("bool", Uint8Array.of(1), []);
    return this.nodes("Loop", [trips, always, ...carried], carried.length, {
      body: { kind: "graph", value: builder.build() },
    });
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

  #constant(type: ElementType, data: Constant["data"], shape: readonly number[]): Constant {
    const constant = { name: this.#fresh("constant"), type, shape, data };
    this.#constants.push(constant);
    return constant;
  }

  #fresh(prefix: string): string {
    return `${prefix}_${this.#names.next++}`;
  }
}
