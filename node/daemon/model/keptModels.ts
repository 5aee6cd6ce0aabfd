import { z } from "zod";
import type { Hex } from "../../core/bytes.ts";
import { AGGREGATE_LEAF_BYTES } from "../../core/fixedPoint.ts";
import { buildTree } from "../../core/merkle.ts";
import { certificateSchema, type Certificate } from "../../protocol/checkpoint.ts";
import type { SavedModel } from "../../protocol/state.ts";
import type { Storage } from "../../storage/storage.ts";
import { uint32, word } from "../../protocol/wire.ts";
import { readRecord } from "../home/records.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { GlobalModel } from "./globalModel.ts";

/** A checkpoint on the disk, its bytes a blob under its root. */
export interface KeptModel extends SavedModel {
  /** Values of its vector. */
  readonly length: number;
  readonly certificate?: Certificate;
}

/**
 * Newest ones that stay, beside the newest attested one. One may be half-written when the power fails; and a reorganisation may
 * take settled rounds back: a round takes six blocks at least, so a dozen blocks hold two of them.
 */
const KEPT_MODELS = 3;

const keptSchema = z.array(
  z.strictObject({
    modelId: word,
    updates: uint32,
    checkpointRoot: word,
    length: uint32,
    certificate: certificateSchema.exactOptional(),
  }),
);

/** Newest first. */
export function keptModels(storage: Storage): readonly KeptModel[] {
  return readRecord(storage, "model", "kept", keptSchema) ?? [];
}

/** The newest checkpoint that a quorum vouches for. What happened before it can be had from it. */
export function newestCertificate(storage: Storage): Certificate | undefined {
  return keptModels(storage).find(({ certificate }) => certificate !== undefined)?.certificate;
}

const roots = new WeakMap<GlobalModel, Hex>();

/** Hashed once for a model, which never changes: in a simulation many participants hold the same one. */
function rootOf(model: GlobalModel, bytes: Uint8Array): Hex {
  const root = roots.get(model) ?? buildTree(bytes, AGGREGATE_LEAF_BYTES).root;
  roots.set(model, root);
  return root;
}

/** Keeps `model` as the newest checkpoint, and forgets what is too old. */
export async function saveModel(storage: Storage, model: GlobalModel, certificate?: Certificate): Promise<SavedModel> {
  const bytes = encodeCheckpoint(model);
  const checkpointRoot = rootOf(model, bytes);
  await storage.putBlob(checkpointRoot, bytes, { kind: "checkpoint", round: model.updates });
  const { modelId, updates } = model;
  const saved: SavedModel = { modelId, updates, checkpointRoot };
  const known = keptModels(storage);
  const word = certificate ?? known.find((each) => each.checkpointRoot === checkpointRoot)?.certificate;
  const entry: KeptModel = {
    ...saved,
    length: model.params.length,
    ...(word === undefined ? {} : { certificate: word }),
  };
  await keep(storage, [entry, ...known.filter((each) => each.checkpointRoot !== checkpointRoot)]);
  return saved;
}

/** Puts a quorum's word to the checkpoint that it is about, where that is still kept, and no more signatures of it are. */
export async function certify(storage: Storage, certificate: Certificate): Promise<void> {
  const { checkpointRoot } = certificate;
  const known = keptModels(storage);
  await keep(
    storage,
    known.map((each) => {
      const isMore = certificate.signatures.length > (each.certificate?.signatures.length ?? 0);
      return each.checkpointRoot === checkpointRoot && isMore ? { ...each, certificate } : each;
    }),
  );
}

/** Forgets the checkpoints that `isWanted` does not want. */
export async function forgetModels(storage: Storage, isWanted: (model: KeptModel) => boolean): Promise<void> {
  await keep(storage, keptModels(storage).filter(isWanted));
}

/** Writes the list, without what is too old, and then lets go of the blobs that it no longer names. */
async function keep(storage: Storage, models: readonly KeptModel[]): Promise<void> {
  const attested = models.find(({ certificate }) => certificate !== undefined);
  const kept = models.filter((model, place) => place < KEPT_MODELS || model === attested);
  const named = new Set(kept.map(({ checkpointRoot }) => checkpointRoot));
  const dropped = keptModels(storage).filter(({ checkpointRoot }) => !named.has(checkpointRoot));
  storage.put("model", "kept", kept);
  for (const { checkpointRoot } of dropped) await storage.deleteBlob(checkpointRoot);
}

/** The newest checkpoint that `isWanted` wants and whose bytes are whole; undefined on a fresh disk. */
export async function loadModel(
  storage: Storage,
  isWanted: (model: KeptModel) => boolean = () => true,
): Promise<GlobalModel | undefined> {
  for (const model of keptModels(storage).filter(isWanted)) {
    const bytes = await storage.readBlob(model.checkpointRoot);
    if (bytes === undefined || bytes.length % AGGREGATE_LEAF_BYTES !== 0 || bytes.length === 0) continue;
    if (buildTree(bytes, AGGREGATE_LEAF_BYTES).root === model.checkpointRoot)
      return decodeCheckpoint(bytes, model.length);
  }
  return undefined;
}
