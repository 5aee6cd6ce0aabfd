import { PacelineError } from "../../core/errors.ts";
import { seededRandom } from "../../core/random.ts";
import type { Graph } from "../graph/graph.ts";

/**
 * What is trained: a graph from examples to outputs, the params in it, and the loss. Engines know models by this alone,
 * whether they come from the zoo or from a file.
 */
export interface Model {
  /**
   * The forward pass in standard operators. Its inputs are the examples' tensors, each with "batch" before the shape of one
   * example, and then the params, named and shaped as in `tensors`, in that order. Its one output: `outputs`.
   */
  readonly graph: Graph;
  /** Number of the graph's inputs that are examples; the others are params. */
  readonly exampleInputs: number;
  /** The flat vector of params, cut into tensors. */
  readonly tensors: readonly TensorSpec[];
  readonly loss: LossSpec;
  /** What an example's target looks like. */
  readonly targets: TargetSpec;
}

/** One tensor of the flat vector of params, row-major. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** A weight is trained by gradients; a statistic (of a batch normalisation) follows the batches it sees. */
  readonly role: "weight" | "statistic";
  readonly initial: Initialiser;
}

export type Initialiser =
  | { readonly kind: "constant"; readonly value: number }
  /** Uniform in ±limit. */
  | { readonly kind: "uniform"; readonly limit: number }
  | { readonly kind: "normal"; readonly stddev: number }
  | { readonly kind: "values"; readonly values: Float32Array };

/**
 * - `softmax-cross-entropy`: outputs are logits, the classes on the last axis; one class weight a class where given
 * - `binary-cross-entropy`: one logit a target; targets are 0 and 1
 * - `mean-squared-error`: outputs have the targets' shape
 *
 * Each is the mean over the targets of a batch; a class target of −1 is padding and counts nowhere.
 */
export type LossSpec =
  | { readonly kind: "softmax-cross-entropy"; readonly classWeights?: readonly number[] }
  | { readonly kind: "binary-cross-entropy" }
  | { readonly kind: "mean-squared-error" };

export interface TargetSpec {
  readonly type: "int32" | "float32";
  /** Of one example's target; `[]` is a single one. */
  readonly shape: readonly number[];
  /** 0 for numbers. */
  readonly classes: number;
}

/** A tensor's place in the flat vector: values `offset` … `offset + length − 1`. */
export interface TensorSlot extends TensorSpec {
  readonly offset: number;
  readonly length: number;
}

export function tensorSlots(tensors: readonly TensorSpec[]): readonly TensorSlot[] {
  let offset = 0;
  return tensors.map((tensor) => {
    const slot = { ...tensor, offset, length: elementCount(tensor.shape) };
    offset += slot.length;
    return slot;
  });
}

export function parameterCount({ tensors }: Pick<Model, "tensors">): number {
  return tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The same seed gives the same bytes on every machine. */
export function initialParams({ tensors }: Pick<Model, "tensors">, seed: number): Float32Array {
  const random = seededRandom(seed);
  const params = new Float32Array(parameterCount({ tensors }));
  for (const { initial, offset, length, name } of tensorSlots(tensors)) {
    const part = params.subarray(offset, offset + length);
    switch (initial.kind) {
      case "constant":
        part.fill(initial.value);
        break;
      case "uniform":
        for (let i = 0; i < length; i++) part[i] = (2 * random.uniform() - 1) * initial.limit;
        break;
      case "normal":
        for (let i = 0; i < length; i++) part[i] = random.normal() * initial.stddev;
        break;
      case "values":
        if (initial.values.length !== length)
          throw new PacelineError("bad-argument", `tensor ${name} has ${length} values, got ${initial.values.length}`);
        part.set(initial.values);
    }
  }
  return params;
}

/**
 * Uniform in ±√(6 / (in + out)) (Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
 * 2010).
 */
export function glorot(inputs: number, outputs: number): Initialiser {
  return { kind: "uniform", limit: Math.sqrt(6 / (inputs + outputs)) };
}

/** Uniform in ±√(6 / in), for layers that a ReLU follows (He et al., "Delving Deep into Rectifiers", 2015). */
export function heUniform(inputs: number): Initialiser {
  return { kind: "uniform", limit: Math.sqrt(6 / inputs) };
}

export const ZEROS: Initialiser = { kind: "constant", value: 0 };
export const ONES: Initialiser = { kind: "constant", value: 1 };
