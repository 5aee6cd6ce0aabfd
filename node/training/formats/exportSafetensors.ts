import { checkParams } from "../checkExamples.ts";
import { type Model, tensorSlots } from "../models/model.ts";
import { type Provenance, provenanceEntries } from "./provenance.ts";
import { writeSafetensors } from "./safetensors.ts";

/** A model's params as a safetensors file: tensors by the model's names, in its order and layout. */
export function exportSafetensors(model: Model, params: Float32Array, provenance: Provenance): Uint8Array {
  checkParams(model, params);
  const tensors = tensorSlots(model.tensors).map(({ name, shape, offset, length }) => ({
    name,
    shape,
    values: params.slice(offset, offset + length),
  }));
  return writeSafetensors({ tensors, metadata: provenanceEntries(provenance) });
}
