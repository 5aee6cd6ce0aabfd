import { fromHex, toHex, type Hex } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { AGGREGATE_LEAF_BYTES } from "../../core/fixedPoint.ts";
import { leafCountOf } from "../../core/merkle.ts";
import type { BlobShape } from "../../network/network.ts";
import type { GlobalModel } from "./globalModel.ts";

/**
 * The canonical bytes of a global model, the same for everybody who holds it, so that a committee can sign for them and others can
 * fetch them as a blob. Leaves of 512 bytes: one with what the values mean, then the values as little-endian binary32, 128 a leaf,
 * zero-padded. A federated fit is among the values. See docs/encoding.md.
 */

const LEAF_BYTES = AGGREGATE_LEAF_BYTES;
/** "PACELINE", and the version of what follows. */
const MAGIC = Uint8Array.of(0x50, 0x41, 0x43, 0x45, 0x4c, 0x49, 0x4e, 0x45, 1);
const AT = { modelId: 16, updates: 48, exponent: 52, length: 56, end: 60 } as const;

export function checkpointShape(checkpointRoot: Hex, vectorLength: number): BlobShape {
  return { root: checkpointRoot, leafBytes: LEAF_BYTES, leafCount: 1 + leafCountOf(vectorLength) };
}

/** Bytes of the largest blob of a job: a checkpoint is an aggregate's size and one leaf. */
export function checkpointBytes(vectorLength: number): number {
  return (1 + leafCountOf(vectorLength)) * LEAF_BYTES;
}

export function encodeCheckpoint({ modelId, updates, exponent, params }: GlobalModel): Uint8Array {
  const bytes = new Uint8Array(checkpointBytes(params.length));
  const header = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  bytes.set(fromHex(modelId), AT.modelId);
  header.setUint32(AT.updates, updates);
  header.setInt32(AT.exponent, exponent);
  header.setUint32(AT.length, params.length);
  for (let i = 0; i < params.length; i++) header.setFloat32(LEAF_BYTES + 4 * i, params[i] as number, true);
  return bytes;
}

/** @throws PacelineError `bad-blob` for bytes that are no checkpoint of a vector of that length, to the last bit of the padding */
export function decodeCheckpoint(bytes: Uint8Array, vectorLength: number): GlobalModel {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length !== checkpointBytes(vectorLength) || MAGIC.some((byte, at) => byte !== bytes[at]))
    throw badCheckpoint("it has another length or version");
  if (header.getUint32(AT.length) !== vectorLength) throw badCheckpoint("it is of another vector");
  const params = new Float32Array(vectorLength);
  for (let i = 0; i < vectorLength; i++) params[i] = header.getFloat32(LEAF_BYTES + 4 * i, true);
  if (!params.every(Number.isFinite)) throw badCheckpoint("it has a value that is no number");
  const model: GlobalModel = {
    modelId: toHex(bytes.subarray(AT.modelId, AT.modelId + 32)),
    updates: header.getUint32(AT.updates),
    exponent: header.getInt32(AT.exponent),
    params,
  };
  if (Buffer.compare(encodeCheckpoint(model), bytes) !== 0) throw badCheckpoint("its padding is not zero");
  return model;
}

function badCheckpoint(why: string): PacelineError {
  return new PacelineError("bad-blob", `these bytes are no checkpoint of this job: ${why}`);
}
