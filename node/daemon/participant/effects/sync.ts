import type { Hex } from "../../../core/bytes.ts";
import { nextModelId } from "../../../core/encoding.ts";
import { PacelineError } from "../../../core/errors.ts";
import { decodeAggregate } from "../../../core/fixedPoint.ts";
import type { Certificate } from "../../../protocol/checkpoint.ts";
import type { ParticipantContext } from "../context.ts";
import { advanceModel, type GlobalModel } from "../../model/globalModel.ts";
import { forgetModels, loadModel, saveModel } from "../../model/keptModels.ts";
import { readLineage, type Lineage } from "../../model/lineage.ts";
import { fetchAggregate } from "./blobs.ts";
import { findCheckpoint } from "./checkpoints.ts";

/**
 * Brings the params to `modelId`: by the aggregates of the rounds that have settled since; from an attested checkpoint where that is
 * nearer; back, where a reorganisation has taken rounds away. One at a time: a round may settle while an earlier sync still fetches,
 * and two would apply the same aggregate twice.
 */
export function sync(context: ParticipantContext, modelId: Hex, lastRoot: Hex | undefined): Promise<void> {
  const turn = context.syncing.then(() => bringTo(context, modelId, lastRoot));
  context.syncing = turn.catch(() => undefined); // whoever asked for it hears of the failure
  return turn;
}

async function bringTo(context: ParticipantContext, modelId: Hex, lastRoot: Hex | undefined): Promise<void> {
  const held = context.model.modelId;
  if (held === modelId) return;
  if (lastRoot !== undefined && nextModelId(held, lastRoot) === modelId) return replay(context, [lastRoot]);
  const lineage = await readLineage(context.chain);
  const target = lineage.updatesOf(modelId);
  if (target === undefined) {
    throw new PacelineError("chain-unreachable", "the endpoint's log does not have the model that its view names yet", {
      modelId,
    });
  }
  const from = lineage.updatesOf(held);
  if (from !== undefined && from > target) return; // the log is newer than the view: the next view will say so
  if (from === undefined) await rollBack(context, lineage, target);
  await catchUp(context, lineage, target);
}

/**
 * The chain's history no longer has the model that is held: back to the newest that is kept and that it has. With the rounds, the
 * checkpoints after them are forgotten.
 */
async function rollBack(context: ParticipantContext, lineage: Lineage, target: number): Promise<void> {
  const { storage } = context;
  const updatesOf = ({ modelId }: { readonly modelId: Hex }): number => lineage.updatesOf(modelId) ?? Infinity;
  await forgetModels(storage, (model) => updatesOf(model) < Infinity);
  const kept = await loadModel(storage, (model) => updatesOf(model) <= target);
  await take(context, kept ?? context.genesis());
}

async function catchUp(context: ParticipantContext, lineage: Lineage, target: number): Promise<void> {
  const found = await findCheckpoint(context, lineage, target);
  if (found !== undefined) await take(context, found.model, found.certificate);
  const missing = lineage.between(context.model.updates, target).map(({ aggregateRoot }) => aggregateRoot);
  try {
    await replay(context, missing);
  } catch (error) {
    if (!(error instanceof PacelineError) || error.code !== "not-found") throw error;
    throw new PacelineError(
      "not-found",
      `the model of ${target} settled rounds is out of reach for now: no peer that is connected has the aggregate after ` +
        `round ${context.model.updates}, nor showed an attested checkpoint beyond it. It is tried again`,
      { held: context.model.updates, wanted: target, trust: context.trust },
      error,
    );
  }
}

async function replay(context: ParticipantContext, aggregateRoots: readonly Hex[]): Promise<void> {
  const { chain, network, stopwatch, spec, advance = advanceModel } = context;
  const bounds = { min: spec.encoding.minExponent, max: spec.encoding.maxExponent };
  for (const aggregateRoot of aggregateRoots) {
    const bytes = await fetchAggregate(context, aggregateRoot, network.peers());
    const model = await stopwatch.measure("verification", () => {
      const aggregate = decodeAggregate(bytes, chain.terms.vectorLength);
      return Promise.resolve(advance(context.model, aggregateRoot, aggregate, bounds));
    });
    await take(context, model);
  }
}

/** Makes `model` the one that is held. After a crash before it is on the disk, it is brought anew. */
async function take(context: ParticipantContext, model: GlobalModel, certificate?: Certificate): Promise<void> {
  context.model = model;
  context.dispatch({ type: "model", modelId: model.modelId });
  if (model.updates === 0) return; // the job file has it
  context.dispatch({ type: "saved", saved: await saveModel(context.storage, model, certificate) });
}
