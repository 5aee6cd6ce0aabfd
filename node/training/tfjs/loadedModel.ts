import * as tf from "@tensorflow/tfjs-core";
import type { ElementType } from "../graph/graph.ts";
import { type Model, type TensorSlot, elementCount, tensorSlots } from "../models/model.ts";
import type { ExampleTensor } from "../trainer.ts";
import { constantTensors, interpret } from "./interpret.ts";
import type { Pass } from "./pass.ts";

/** A model with its params as tfjs variables. Lives on the backend that it was loaded on; dispose it after use. */
export class LoadedModel {
  readonly #model: Model;
  readonly #constants: ReadonlyMap<string, tf.Tensor>;
  readonly #slots: readonly (TensorSlot & { readonly variable: tf.Variable })[];

  /** @param params flat; not changed */
  constructor(model: Model, params: Float32Array) {
    this.#model = model;
    this.#constants = constantTensors(model.graph);
    this.#slots = tensorSlots(model.tensors).map((slot) => {
      const values = params.slice(slot.offset, slot.offset + slot.length);
      return { ...slot, variable: tf.tidy(() => tf.variable(tf.tensor(values, [...slot.shape]))) };
    });
  }

  /** Of all tensors. */
  get variables(): readonly tf.Variable[] {
    return this.#slots.map(({ variable }) => variable);
  }

  /** Of the tensors that gradients train. */
  get weights(): readonly tf.Variable[] {
    return this.#slots.filter(({ role }) => role === "weight").map(({ variable }) => variable);
  }

  /** [batch, …]; everything but the result is left to the caller's tidy. */
  outputs(inputs: readonly tf.Tensor[], pass: Pass): tf.Tensor {
    const bindings = new Map(this.#constants);
    const given = [...inputs, ...this.#slots.map(({ variable }) => variable)];
    this.#model.graph.inputs.forEach(({ name }, i) => bindings.set(name, given[i] as tf.Tensor));
    return interpret(this.#model.graph, bindings, pass);
  }

  /** Examples `rows` (all by default) of each input. */
  inputTensors(inputs: readonly ExampleTensor[], count: number, rows?: Int32Array): readonly tf.Tensor[] {
    return inputs.map((tensor, i) => batchTensor(tensor, count, this.#model.graph.inputs[i]!.type, rows));
  }

  /** Gives statistics the values that a training pass noted. */
  follow({ statistics }: Pass): void {
    const { inputs } = this.#model.graph;
    this.#slots.forEach(({ variable }, i) => {
      const next = statistics.get(inputs[this.#model.exampleInputs + i]!.name);
      if (next !== undefined) variable.assign(next);
    });
  }

  /** The params as they are now, flat. */
  flat(): Float32Array {
    return this.flatOf((variable) => variable);
  }

  /** A flat vector in the order of the params, zero where `part` gives nothing for a variable. */
  flatOf(part: (variable: tf.Variable) => tf.Tensor | undefined): Float32Array {
    const total = this.#slots.reduce((sum, { length }) => sum + length, 0);
    const flat = new Float32Array(total);
    for (const { variable, offset } of this.#slots) {
      const values = part(variable)?.dataSync();
      if (values !== undefined) flat.set(values, offset);
    }
    return flat;
  }

  dispose(): void {
    tf.dispose([...this.#constants.values()]);
    for (const { variable } of this.#slots) variable.dispose();
  }
}

export function batchTensor(
  { shape, values }: ExampleTensor,
  count: number,
  type: ElementType,
  rows?: Int32Array,
): tf.Tensor {
  const each = elementCount(shape);
  const chosen = rows === undefined ? values.slice(0, count * each) : pick(values, rows, each);
  return tf.tensor(chosen, [rows?.length ?? count, ...shape], type === "float32" ? "float32" : "int32");
}

function pick(values: Float32Array | Int32Array, rows: Int32Array, each: number): Float32Array | Int32Array {
  const picked =
    values instanceof Float32Array ? new Float32Array(rows.length * each) : new Int32Array(rows.length * each);
  rows.forEach((row, i) => picked.set(values.subarray(row * each, (row + 1) * each), i * each));
  return picked;
}
