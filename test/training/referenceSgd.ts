import type { ZooSpec } from "../../node/training/models/zooSpec.ts";
import type { Examples } from "../../node/training/trainer.ts";

/** A dense network in plain loops on binary64, written without a look at the engine: what the tests hold it against. */

/** Classes from rows of numbers. */
export type DenseSpec = Extract<ZooSpec, { kind: "softmax-regression" | "mlp" }>;

interface Pass {
  /** Units' outputs, layer by layer, from the inputs to the logits. */
  readonly activations: readonly number[][];
  readonly probabilities: readonly number[];
}

function layerSizes(spec: DenseSpec): readonly number[] {
  return [spec.inputs, ...("hidden" in spec ? spec.hidden : []), spec.classes];
}

export function referenceForward(spec: DenseSpec, params: ArrayLike<number>, input: readonly number[]): Pass {
  const sizes = layerSizes(spec);
  const activations: number[][] = [[...input]];
  let at = 0;
  for (let layer = 1; layer < sizes.length; layer++) {
    const [before, after] = [sizes[layer - 1]!, sizes[layer]!];
    const outputs = new Array<number>(after);
    for (let j = 0; j < after; j++) {
      let sum = params[at + before * after + j]!;
      for (let i = 0; i < before; i++) sum += activations[layer - 1]![i]! * params[at + i * after + j]!;
      outputs[j] = layer < sizes.length - 1 ? Math.max(0, sum) : sum;
    }
    activations.push(outputs);
    at += before * after + after;
  }
  const logits = activations[activations.length - 1]!;
  const top = Math.max(...logits);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0);
  return { activations, probabilities: logits.map((logit) => Math.exp(logit - top) / total) };
}

/** The features of an example. */
export function inputOf({ inputs, count }: Examples, row: number): number[] {
  const { values } = inputs[0]!;
  const width = values.length / count;
  return [...values.subarray(row * width, (row + 1) * width)];
}

export function referenceLoss(spec: DenseSpec, params: ArrayLike<number>, examples: Examples): number {
  let loss = 0;
  for (let row = 0; row < examples.count; row++) {
    loss -= Math.log(
      referenceForward(spec, params, inputOf(examples, row)).probabilities[examples.targets.values[row]!]!,
    );
  }
  return loss / examples.count;
}

/** The gradient of the mean loss over `rows`. */
export function referenceGradient(
  spec: DenseSpec,
  params: Float64Array,
  examples: Examples,
  rows: readonly number[],
): Float64Array {
  const sizes = layerSizes(spec);
  const gradient = new Float64Array(params.length);
  for (const row of rows) {
    const { activations, probabilities } = referenceForward(spec, params, inputOf(examples, row));
    let delta = probabilities.map((p, c) => (p - (c === examples.targets.values[row] ? 1 : 0)) / rows.length);
    let end = params.length;
    for (let layer = sizes.length - 1; layer > 0; layer--) {
      const [before, after] = [sizes[layer - 1]!, sizes[layer]!];
      const start = end - before * after - after;
      const inputs = activations[layer - 1]!;
      const below = new Array<number>(before).fill(0);
      for (let j = 0; j < after; j++) {
        gradient[start + before * after + j]! += delta[j]!;
        for (let i = 0; i < before; i++) {
          gradient[start + i * after + j]! += inputs[i]! * delta[j]!;
          if (inputs[i]! > 0) below[i]! += params[start + i * after + j]! * delta[j]!;
        }
      }
      delta = below;
      end = start;
    }
  }
  return gradient;
}

/** One local epoch in the given order; the last batch may be smaller. */
export function referenceEpoch(
  spec: DenseSpec,
  params: Float64Array,
  examples: Examples,
  order: readonly number[],
  batchSize: number,
  learningRate: number,
): Float64Array {
  let at: Float64Array = Float64Array.from(params);
  for (let start = 0; start < order.length; start += batchSize) {
    const gradient = referenceGradient(spec, at, examples, order.slice(start, start + batchSize));
    at = at.map((value, i) => value - learningRate * gradient[i]!);
  }
  return at;
}
