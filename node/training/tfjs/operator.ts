import * as tf from "@tensorflow/tfjs-core";
import { PacelineError } from "../../core/errors.ts";
import { floatOf, intOf, intsOf, textOf } from "../graph/attributes.ts";
import { isConstant, type Node } from "../graph/graph.ts";
import type { Pass } from "./pass.ts";

/** What an operator is told of a node, and what it may ask. */
export class OperatorCall {
  readonly node: Node;
  readonly inputs: readonly (tf.Tensor | undefined)[];
  readonly pass: Pass;

  constructor(node: Node, inputs: readonly (tf.Tensor | undefined)[], pass: Pass) {
    this.node = node;
    this.inputs = inputs;
    this.pass = pass;
  }

  /** An input that the operator cannot do without. */
  input(i: number): tf.Tensor {
    const tensor = this.inputs[i];
    if (tensor === undefined) throw new PacelineError("bad-input", `input ${i} is missing`);
    return tensor;
  }

  /** The numbers of an input such as a shape or axes; undefined where it is left out. */
  numbers(i: number): readonly number[] | undefined {
    const value = this.node.inputs[i];
    if (value === undefined) return undefined;
    if (isConstant(value)) return Array.from(value.data as ArrayLike<number | bigint>, Number);
    return Array.from(this.input(i).dataSync());
  }

  int(name: string, otherwise: number): number {
    return intOf(this.node.attributes, name, otherwise);
  }

  ints(name: string): readonly number[] | undefined {
    return intsOf(this.node.attributes, name);
  }

  float(name: string, otherwise: number): number {
    return floatOf(this.node.attributes, name, otherwise);
  }

  text(name: string, otherwise: string): string {
    return textOf(this.node.attributes, name, otherwise);
  }

  unsupported(what: string): PacelineError {
    return new PacelineError("unsupported", `the tfjs engine has no ${this.node.operator} with ${what}`);
  }
}

export type Operator = (call: OperatorCall) => tf.Tensor | readonly tf.Tensor[];
export type Operators = Readonly<Record<string, Operator>>;

/** Runs `work` so that no gradient goes through it, for kernels that have none in tfjs. */
export function withoutGradient(work: (...inputs: tf.Tensor[]) => tf.Tensor, ...inputs: tf.Tensor[]): tf.Tensor {
  const detached = tf.customGrad((...args) => {
    const tensors = args.slice(0, -1) as tf.Tensor[];
    const shapes = tensors.map(({ shape }) => shape);
    return { value: work(...tensors), gradFunc: () => shapes.map((shape) => tf.zeros(shape)) };
  });
  return detached(...inputs);
}

/** `x` repeated to `shape`; by a sum, because that has a gradient for every rank. */
export function broadcastTo(x: tf.Tensor, shape: readonly number[]): tf.Tensor {
  if (x.shape.length === shape.length && x.shape.every((size, i) => size === shape[i])) return x;
  if (x.dtype === "float32") return tf.add(x, tf.zeros([...shape]));
  return tf.broadcastTo(x, [...shape]);
}
