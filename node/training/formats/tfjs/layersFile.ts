import type { KerasWeight } from "../keras/kerasFile.ts";
import { type Provenance, provenanceEntries } from "../provenance.ts";

/** A model.json and its weights, as `tf.loadLayersModel` reads them (tfjs-core `io/types.ts`, `ModelJSON`). */

export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const WEIGHTS_FILE = "weights.bin";

/** @param json what the file says besides its weights and where they come from */
export function writeLayersFiles(
  json: Readonly<Record<string, unknown>>,
  weights: readonly KerasWeight[],
  provenance: Provenance,
): readonly NamedFile[] {
  const specs = weights.map(({ name, shape, dtype }) => ({ name, shape, dtype }));
  const text = JSON.stringify({
    ...json,
    userDefinedMetadata: provenanceEntries(provenance),
    weightsManifest: [{ paths: [WEIGHTS_FILE], weights: specs }],
  });
  return [
    { name: "model.json", bytes: new TextEncoder().encode(text) },
    { name: WEIGHTS_FILE, bytes: new Uint8Array(Buffer.concat(weights.map(({ data }) => data))) },
  ];
}

export function floatWeight(name: string, shape: readonly number[], values: Float32Array): KerasWeight {
  const data = new Uint8Array(
    values.buffer.slice(values.byteOffset, values.byteOffset + values.byteLength) as ArrayBuffer,
  );
  return { name, shape, dtype: "float32", data };
}
