import type { Hex } from "../../core/bytes.ts";
import { nextModelId } from "../../core/encoding.ts";
import { PacelineError } from "../../core/errors.ts";
import { decodeAggregate } from "../../core/fixedPoint.ts";
import type { ParticipantContext } from "../context.ts";
import { advanceModel, saveModel } from "../globalModel.ts";
import { fetchAggregate } from "./blobs.ts";

/**
 * Brings the params to `modelId` by replaying the aggregates of the rounds that have settled since. One at a time: a round
 * may settle while an earlier sync still fetches, and two would apply the same aggregate twice.
 */
export function sync(context: ParticipantContext, modelId: Hex, lastRoot: Hex | undefined): Promise<void> {
  const turn = context.syncing.then(() => replay(context, modelId, lastRoot));
  context.syncing = turn.catch(() => undefined); // whoever asked for it hears of the failure
  return turn;
}

async function replay(context: ParticipantContext, modelId: Hex, lastRoot: Hex | undefined): Promise<void> {
  const { chain, network, stopwatch, storage, spec } = context;
  const bounds = { min: spec.encoding.minExponent, max: spec.encoding.maxExponent };
  for (const aggregateRoot of await missingRoots(context, modelId, lastRoot)) {
    const bytes = await fetchAggregate(context, aggregateRoot, network.peers());
    context.model = await stopwatch.measure("verification", () => {
      const aggregate = decodeAggregate(bytes, chain.terms.vectorLength);
      return Promise.resolve(advanceModel(context.model, aggregateRoot, aggregate, bounds));
    });
    context.dispatch({ type: "model", modelId: context.model.modelId });
    await saveModel(storage, context.model); // after a crash before this, the aggregate is replayed
  }
}

/** Roots to apply, in order: the last one seen where that is all, otherwise from the chain's log. */
async function missingRoots(
  context: ParticipantContext,
  modelId: Hex,
  lastRoot: Hex | undefined,
): Promise<readonly Hex[]> {
  const { model } = context;
  if (model.modelId === modelId) return [];
  if (lastRoot !== undefined && nextModelId(model.modelId, lastRoot) === modelId) return [lastRoot];
  const { rounds } = await context.chain.history(1);
  const roots = rounds
    .flatMap(({ settled }) => (settled === undefined ? [] : [settled.aggregateRoot]))
    .slice(model.updates);
  let reached = model.modelId;
  for (const [index, root] of roots.entries()) {
    reached = nextModelId(reached, root);
    if (reached === modelId) return roots.slice(0, index + 1);
  }
  throw new PacelineError(
    "not-found",
    "the chain's log does not lead from this peer's model to the current one: start from an empty home folder",
    {
      held: model.modelId,
      wanted: modelId,
    },
  );
}
