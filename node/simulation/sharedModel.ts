import type { Hex } from "../core/bytes.ts";
import { advanceModel, type GlobalModel } from "../daemon/model/globalModel.ts";

interface Advanced {
  readonly params: Float32Array;
  readonly next: GlobalModel;
}

/** Newest models that are remembered: peers that sync at the same time are a round or two apart. */
const MAX_MODELS = 8;

/**
 * Works models out for many peers: all that hold the very same params, and have been given the aggregate of the same root, get the same
 * next model. One that has read its params from its disk works for itself.
 */
export function createSharedAdvance(): typeof advanceModel {
  const models = new Map<Hex, Advanced>();
  return (model, aggregateRoot, aggregate, bounds) => {
    const key: Hex = `${model.modelId}${aggregateRoot.slice(2)}`;
    const known = models.get(key);
    if (known?.params === model.params) return known.next;
    const next = advanceModel(model, aggregateRoot, aggregate, bounds);
    if (known === undefined) models.set(key, { params: model.params, next });
    if (models.size > MAX_MODELS) models.delete(models.keys().next().value as Hex);
    return next;
  };
}
