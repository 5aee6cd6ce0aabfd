import { InferenceSession, Tensor } from "onnxruntime-node";
import { encodeModel } from "../../../node/training/graph/encode.ts";
import { initialParams, type Model, tensorSlots } from "../../../node/training/models/model.ts";

/** Plain ONNX Runtime, the judge of what a file means. */
export async function runOnnx(file: Uint8Array, feeds: Record<string, Tensor>, output?: string): Promise<Float32Array> {
  const session = await InferenceSession.create(file, { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const name = output ?? (session.outputNames[0] as string);
  const results = await session.run(feeds, [name]);
  await session.release();
  return (results[name] as Tensor).data as Float32Array;
}

/** A model's outputs by its graph alone, for the params that it begins with or others. */
export async function runModel(
  model: Model,
  feeds: readonly Tensor[],
  params: Float32Array = initialParams(model, 1),
): Promise<Float32Array> {
  const examples = model.graph.inputs.slice(0, model.exampleInputs).map(({ name }, i) => [name, feeds[i]] as const);
  const tensors = tensorSlots(model.tensors).map(
    ({ shape, offset, length }, i) =>
      [
        model.graph.inputs[model.exampleInputs + i]?.name,
        new Tensor("float32", params.slice(offset, offset + length), [...shape]),
      ] as const,
  );
  return runOnnx(encodeModel(model.graph), Object.fromEntries([...examples, ...tensors]) as Record<string, Tensor>);
}

export function floatTensor(values: ArrayLike<number>, dims: readonly number[]): Tensor {
  return new Tensor("float32", Float32Array.from(values), [...dims]);
}

export function softmaxRows(logits: ArrayLike<number>, classes: number): number[] {
  const rows: number[] = [];
  for (let row = 0; row < logits.length; row += classes) {
    const powers = Array.from({ length: classes }, (_, i) => Math.exp(logits[row + i] as number));
    const sum = powers.reduce((total, power) => total + power, 0);
    rows.push(...powers.map((power) => power / sum));
  }
  return rows;
}

export const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** Of the larger of the two, so that 1 % of a small number shows. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  return Array.from(a).reduce((most, each, i) => {
    const other = b[i] as number;
    return Math.max(most, Math.abs(each - other) / Math.max(1e-2, Math.abs(each), Math.abs(other)));
  }, 0);
}
