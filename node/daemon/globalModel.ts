import { createHash } from "node:crypto";
import { toHex, type Hex } from "../core/bytes.ts";
import { nextModelId } from "../core/encoding.ts";
import { PacelineError } from "../core/errors.ts";
import { applyAggregate, nextExponent } from "../core/fixedPoint.ts";
import type { Storage } from "../storage/storage.ts";

/** The global model as this peer holds it. */
export interface GlobalModel {
  readonly modelId: Hex;
  /** Settled rounds that are in it. */
  readonly updates: number;
  readonly params: Float32Array;
  /** Of the next round's updates. */
  readonly exponent: number;
}

interface Checkpoint {
  readonly modelId: Hex;
  readonly updates: number;
  readonly exponent: number;
  /** sha-256 of the params' bytes, under which they are stored as a blob. */
  readonly paramsHash: Hex;
}

/** One may be half-written when the power fails. */
const KEPT_CHECKPOINTS = 2;

/** Newest first. */
function readCheckpoints(storage: Storage): readonly Checkpoint[] {
  return (storage.get("model", "checkpoints") as readonly Checkpoint[] | undefined) ?? [];
}

/** The model after one more settled round. Pure. */
export function advanceModel(
  model: GlobalModel,
  aggregateRoot: Hex,
  aggregate: Int32Array,
  bounds: { min: number; max: number },
): GlobalModel {
  return {
    modelId: nextModelId(model.modelId, aggregateRoot),
    updates: model.updates + 1,
    params: applyAggregate(model.params, aggregate, model.exponent),
    exponent: nextExponent(model.exponent, aggregate, bounds),
  };
}

/** Keeps `model` as the newest checkpoint and forgets all but the one before it. */
export async function saveModel(storage: Storage, model: GlobalModel): Promise<void> {
  const bytes = new Uint8Array(
    model.params.buffer.slice(model.params.byteOffset, model.params.byteOffset + model.params.byteLength),
  );
  const paramsHash = toHex(createHash("sha256").update(bytes).digest());
  await storage.putBlob(paramsHash, bytes);
  const { modelId, updates, exponent } = model;
  const checkpoint: Checkpoint = { modelId, updates, exponent, paramsHash };
  const older = readCheckpoints(storage).filter((each) => each.paramsHash !== paramsHash);
  const kept = [checkpoint, ...older].slice(0, KEPT_CHECKPOINTS);
  storage.put("model", "checkpoints", kept);
  for (const dropped of older.slice(KEPT_CHECKPOINTS - 1)) await storage.deleteBlob(dropped.paramsHash);
}

/** The newest checkpoint whose bytes are whole; undefined on a fresh disk. */
export async function loadModel(storage: Storage): Promise<GlobalModel | undefined> {
  for (const checkpoint of readCheckpoints(storage)) {
    const bytes = await storage.readBlob(checkpoint.paramsHash);
    if (bytes === undefined || toHex(createHash("sha256").update(bytes).digest()) !== checkpoint.paramsHash) continue;
    const params = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    const { modelId, updates, exponent } = checkpoint;
    return { modelId, updates, exponent, params };
  }
  return undefined;
}

/** Throws `bad-input` unless the initial params are those that the job was opened with. */
export function requireGenesis(hash: Hex, expected: Hex): void {
  if (hash !== expected) {
    throw new PacelineError(
      "bad-input",
      "the job file gives other initial params than the job on the chain: get the job file from the sponsor",
      { hash, expected },
    );
  }
}
