import { createEvaluation, type EvaluationResult } from "./metrics/evaluation.ts";
import { elementCount, type Model } from "./models/model.ts";
import type { EvaluationRequest, Examples, ExampleTensor } from "./trainer.ts";

/** Engines work through sets of examples in parts, which bound their working memory. */

/** Examples `from` … `to` − 1 of a tensor; shares its values. */
export function tensorPart({ shape, values }: ExampleTensor, from: number, to: number): ExampleTensor {
  const each = elementCount(shape);
  return { shape, values: values.subarray(from * each, to * each) };
}

/** Examples `from` … `to` − 1, without their groups; shares the values. */
export function examplesPart({ inputs, targets, classes }: Examples, from: number, to: number): Examples {
  return {
    count: to - from,
    inputs: inputs.map((tensor) => tensorPart(tensor, from, to)),
    targets: tensorPart(targets, from, to),
    classes,
  };
}

/** The borders of the parts of `count` examples, `size` each but for the last. */
export function* partBorders(count: number, size: number): Generator<readonly [from: number, to: number]> {
  for (let from = 0; from < count; from += size) yield [from, Math.min(from + size, count)];
}

/** What a model makes of examples `from` … `to` − 1. */
export interface OutputPart {
  readonly outputs: Float32Array;
  readonly from: number;
  readonly to: number;
}

export async function joinOutputs(parts: AsyncIterable<OutputPart>): Promise<Float32Array> {
  const held: Float32Array[] = [];
  for await (const { outputs } of parts) held.push(outputs);
  const joined = new Float32Array(held.reduce((sum, part) => sum + part.length, 0));
  held.reduce((offset, part) => (joined.set(part, offset), offset + part.length), 0);
  return joined;
}

/** Metrics of a model's outputs over `examples`. */
export async function evaluateOutputs(
  { loss, targets: spec }: Model,
  examples: Examples,
  request: EvaluationRequest,
  parts: AsyncIterable<OutputPart>,
): Promise<EvaluationResult> {
  const evaluation = createEvaluation({ loss, classes: spec.classes, metrics: [], ...request });
  const each = elementCount(spec.shape);
  const sequence = spec.type === "int32" && spec.shape.length > 0;
  for await (const { outputs, from, to } of parts) {
    evaluation.add({
      outputs,
      targets: tensorPart(examples.targets, from, to).values,
      ...(sequence ? { rowsPerSentence: each } : {}),
      ...(sequence || examples.groups === undefined ? {} : { sentences: examples.groups.subarray(from, to) }),
    });
  }
  return evaluation.result();
}
