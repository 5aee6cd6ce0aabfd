import { Tensor } from "onnxruntime-node";
import { tensorSlots, type TensorSpec } from "../models/model.ts";
import { paramName } from "./flatParams.ts";

/** What to feed `paramInputs`. */
export function paramFeeds(tensors: readonly TensorSpec[], params: Float32Array): Record<string, Tensor> {
  return views(tensors, params, paramName);
}

/** Where the engine is to write the `paramOutputs` of `prefix`: parts of `vector`. */
export function paramFetches(
  tensors: readonly TensorSpec[],
  vector: Float32Array,
  prefix: string,
): Record<string, Tensor> {
  return views(tensors, vector, (i) => `${prefix}${i}`);
}

function views(
  tensors: readonly TensorSpec[],
  vector: Float32Array,
  nameOf: (i: number) => string,
): Record<string, Tensor> {
  return Object.fromEntries(
    tensorSlots(tensors).map(({ offset, length, shape }, i) => [
      nameOf(i),
      new Tensor("float32", vector.subarray(offset, offset + length), shape),
    ]),
  );
}
