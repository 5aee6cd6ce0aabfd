import { z } from "zod";
import { PacelineError } from "../core/errors.ts";
import { seededRandom } from "../core/random.ts";

/**
 * A model by name and sizes. What a job's `modelSpec` says; the graph that trains it follows from it alone, so every peer
 * builds the same one.
 */

/** Largest layer, and largest number of inputs. */
const MAX_UNITS = 65_536;
/** Largest flat vector of params: 64 million float32 are 256 MB. */
export const MAX_PARAMETERS = 64_000_000;

const units = z.number().int().min(1).max(MAX_UNITS);
const classes = z.number().int().min(2).max(10_000);

const softmaxRegressionSchema = z.strictObject({ kind: z.literal("softmax-regression"), inputs: units, classes });
const perceptronSchema = z.strictObject({
  kind: z.literal("perceptron"),
  inputs: units,
  /** Units of each hidden layer; ReLU between layers. */
  hidden: z.array(units).min(1).max(8),
  classes,
});

export const modelSpecSchema = z
  .discriminatedUnion("kind", [softmaxRegressionSchema, perceptronSchema])
  .refine((spec) => parameterCount(spec) <= MAX_PARAMETERS, `a model has at most ${MAX_PARAMETERS} parameters`);

export type ModelSpec =
  | { readonly kind: "softmax-regression"; readonly inputs: number; readonly classes: number }
  | {
      readonly kind: "perceptron";
      readonly inputs: number;
      readonly hidden: readonly number[];
      readonly classes: number;
    };

/** One tensor of the flat vector of params, row-major. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A tensor's place in the flat vector: values `offset` … `offset + length − 1`. */
export interface TensorSlot extends TensorSpec {
  readonly offset: number;
  readonly length: number;
}

/** @throws PacelineError `bad-input` naming the field that is out of bounds */
export function parseModelSpec(value: unknown): ModelSpec {
  const parsed = modelSpecSchema.safeParse(value);
  if (!parsed.success)
    throw new PacelineError("bad-input", `the model spec is not valid: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** Units from the inputs to the classes: a dense layer stands between each two neighbours. */
export function layerSizes(spec: ModelSpec): readonly number[] {
  return [spec.inputs, ...(spec.kind === "perceptron" ? spec.hidden : []), spec.classes];
}

/** The tensors in the order of the flat vector: for each dense layer weight [in, out], then bias [out]. */
export function tensorSpecs(spec: ModelSpec): readonly TensorSpec[] {
  const sizes = layerSizes(spec);
  return sizes.slice(1).flatMap((outputs, i) => [
    { name: `dense${i + 1}.weight`, shape: [sizes[i] as number, outputs] },
    { name: `dense${i + 1}.bias`, shape: [outputs] },
  ]);
}

export function tensorLength(tensor: TensorSpec): number {
  return tensor.shape.reduce((product, size) => product * size, 1);
}

export function tensorSlots(spec: ModelSpec): readonly TensorSlot[] {
  let offset = 0;
  return tensorSpecs(spec).map((tensor) => {
    const slot = { ...tensor, offset, length: tensorLength(tensor) };
    offset += slot.length;
    return slot;
  });
}

export function parameterCount(spec: ModelSpec): number {
  return tensorSpecs(spec).reduce((sum, tensor) => sum + tensorLength(tensor), 0);
}

/**
 * Weights uniform in ±√(6 / (in + out)) and zero biases (Glorot and Bengio, "Understanding the difficulty of training deep
 * feedforward neural networks", 2010). The same seed gives the same bytes on every machine.
 */
export function initialParams(spec: ModelSpec, seed: number): Float32Array {
  const random = seededRandom(seed);
  const params = new Float32Array(parameterCount(spec));
  for (const { shape, offset, length } of tensorSlots(spec)) {
    const [inputs, outputs] = shape;
    if (inputs === undefined || outputs === undefined) continue; // a bias stays zero
    const limit = Math.sqrt(6 / (inputs + outputs));
    for (let i = 0; i < length; i++) params[offset + i] = (2 * random.uniform() - 1) * limit;
  }
  return params;
}
