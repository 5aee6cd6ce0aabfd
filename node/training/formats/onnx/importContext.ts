import { PacelineError } from "../../../core/errors.ts";
import type { Attribute, Attributes, Constant, ElementType, Shape, Value } from "../../graph/graph.ts";
import type { Initialiser, TensorSpec } from "../../models/model.ts";
import type { ModelBuilder } from "../../models/modelBuilder.ts";
import { freeName } from "../finishModel.ts";
import type { Head } from "./head.ts";
import { dataOf, type Filled, type Known, knownFilled, knownOf } from "./known.ts";
import { describeNode, type RawNode } from "./rawModel.ts";

/** What a name of the file stands for while its graph is rebuilt. Only what a node needs becomes a constant of the new graph. */
export type Entry =
  | { readonly kind: "value"; readonly value: Value }
  | { readonly kind: "constant"; readonly constant: Constant }
  | { readonly kind: "known"; readonly known: Known }
  | { readonly kind: "filled"; readonly filled: Filled };

export class ImportContext {
  readonly model: ModelBuilder;
  readonly head: Head;
  /** Version of ONNX's operators in the file. */
  readonly operatorSet: number;
  /** The number of examples that the file's input shapes have for the batch, where they have a number. */
  readonly fixedBatch: number | undefined;
  readonly #entries = new Map<string, Entry>();

  constructor(model: ModelBuilder, head: Head, operatorSet: number, fixedBatch: number | undefined) {
    this.model = model;
    this.head = head;
    this.operatorSet = operatorSet;
    this.fixedBatch = fixedBatch;
  }

  define(name: string, entry: Entry): void {
    if (name !== "") this.#entries.set(name, entry);
  }

  defineValue(name: string, value: Value): void {
    this.define(name, { kind: "value", value });
  }

  /** @throws PacelineError `bad-input` where nothing before made it */
  entry(name: string): Entry {
    // where the final activation is taken off, its output is what went in
    const entry = this.#entries.get(this.head.aliases.get(name) ?? name);
    if (entry === undefined) throw new PacelineError("bad-input", `the value "${name}" is used before it is made`);
    return entry;
  }

  /** The elements, where they are known and few. */
  known(name: string | undefined): Known | undefined {
    if (name === undefined || name === "") return undefined;
    const entry = this.entry(name);
    if (entry.kind === "constant") return knownOf(entry.constant);
    if (entry.kind === "filled") return knownFilled(entry.filled);
    return entry.kind === "known" ? entry.known : undefined;
  }

  typed(name: string): { readonly type: ElementType; readonly shape: Shape } {
    const entry = this.entry(name);
    if (entry.kind === "value") return entry.value;
    if (entry.kind === "constant") return entry.constant;
    return entry.kind === "known" ? entry.known : entry.filled;
  }

  /** The value in the new graph. @throws PacelineError `unsupported` for what depends on the batch and is not made by a node */
  value(name: string): Value {
    const entry = this.entry(name);
    if (entry.kind === "value") return entry.value;
    const value = this.#constant(name, entry);
    this.defineValue(name, value);
    return value;
  }

  optionalValue(name: string | undefined): Value | undefined {
    return name === undefined || name === "" ? undefined : this.value(name);
  }

  param(name: string, shape: readonly number[], values: Float32Array, role: TensorSpec["role"] = "weight"): Value {
    if (!values.every(Number.isFinite))
      throw new PacelineError("bad-input", `the initialiser "${name}" has values that are no finite numbers`);
    const initial: Initialiser = { kind: "values", values };
    return this.model.param(freeName(name), shape, initial, role);
  }

  #constant(name: string, entry: Exclude<Entry, { kind: "value" }>): Constant {
    const { graph } = this.model;
    if (entry.kind === "constant") {
      const { type, data, shape } = entry.constant;
      return graph.constant(type, data, shape);
    }
    const known = this.known(name);
    const data = known && dataOf(known);
    if (known === undefined || data === undefined)
      throw new PacelineError("unsupported", `the value "${name}" is computed from the number of examples`);
    return graph.constant(known.type, data, known.shape);
  }
}

/** Attributes in the graph's terms. @throws PacelineError `unsupported` for bodies and texts */
export function graphAttributes(node: RawNode, without: readonly string[] = []): Attributes {
  const attributes = Object.create(null) as Record<string, Attribute>;
  for (const [name, attribute] of Object.entries(node.attributes)) {
    if (without.includes(name)) continue;
    if (attribute.kind === "other")
      throw new PacelineError(
        "unsupported",
        `${describeNode(node)}: the attribute "${name}" has a kind that is not supported`,
      );
    if (attribute.kind !== "tensor") attributes[name] = attribute;
    else if (attribute.value.type !== "string") attributes[name] = { kind: "tensor", value: attribute.value };
  }
  return attributes;
}
