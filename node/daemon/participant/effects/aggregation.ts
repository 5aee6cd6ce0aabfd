import { aggregate as aggregateByRule } from "../../../core/aggregationRule.ts";
import type { Hex } from "../../../core/bytes.ts";
import { includeHash as hashOf, type IncludedUpdate } from "../../../core/encoding.ts";
import { PacelineError } from "../../../core/errors.ts";
import { AGGREGATE_LEAF_BYTES, encodeAggregate } from "../../../core/fixedPoint.ts";
import { buildTree } from "../../../core/merkle.ts";
import { weightsOf, type WeightedUpdate } from "../../../core/weightedMean.ts";
import type { Judged } from "../../../protocol/state.ts";
import { keepJudged } from "../../home/roundRecords.ts";
import type { ParticipantContext } from "../context.ts";
import { readUpdate } from "./blobs.ts";

/** The exact aggregate of an include set, computed once, also where several effects ask at the same time. */
export function exactAggregate(context: ParticipantContext, updates: readonly IncludedUpdate[]): Promise<Int32Array> {
  const includeHash = hashOf(updates);
  if (context.aggregate?.includeHash !== includeHash) {
    const values = computeAggregate(context, updates);
    context.aggregate = { includeHash, values };
    values.catch(() => {
      if (context.aggregate?.values === values) context.aggregate = undefined; // the next one who asks tries again
    });
  }
  return context.aggregate.values;
}

/**
 * An attestation is signed over the hash, and so are scores: an endpoint that tells of other updates than those that the
 * hash stands for would have this peer sign what it can be slashed for.
 * @throws PacelineError `bad-input` unless `includeHash` stands for `updates`
 */
export function requireIncludeHash(includeHash: Hex, updates: readonly IncludedUpdate[]): void {
  const computed = hashOf(updates);
  if (computed !== includeHash) {
    throw new PacelineError("bad-input", "the endpoint's include set is not the one that its hash stands for", {
      includeHash,
      computed,
    });
  }
}

async function computeAggregate(context: ParticipantContext, updates: readonly IncludedUpdate[]): Promise<Int32Array> {
  const { rule, trimPermille } = context.chain.terms;
  return aggregateByRule(rule, trimPermille, await weightedUpdates(context, updates));
}

/** The included updates with the weights that the round gives them, in include order. */
export function weightedUpdates(
  context: ParticipantContext,
  updates: readonly IncludedUpdate[],
): Promise<WeightedUpdate[]> {
  const weights = weightsOf(
    updates.map(({ exampleCount }) => exampleCount),
    context.chain.terms.weightCap,
  );
  return Promise.all(
    updates.map(async ({ updateRoot }, index) => ({
      values: await readUpdate(context, updateRoot),
      weight: weights[index] as number,
    })),
  );
}

/** Computes the aggregate, keeps its blob, and tells its root. */
export async function aggregate(
  context: ParticipantContext,
  round: number,
  includeHash: Hex,
  updates: readonly IncludedUpdate[],
): Promise<void> {
  const { misbehaviour, state, stopwatch, storage } = context;
  requireIncludeHash(includeHash, updates);
  const { bytes, root } = await stopwatch.measure("verification", async () => {
    const exact = await exactAggregate(context, updates);
    const encoded = encodeAggregate(misbehaviour.tamper?.(state(), exact) ?? exact);
    return { bytes: encoded, root: buildTree(encoded, AGGREGATE_LEAF_BYTES).root };
  });
  context.updates.keepAggregate(root, bytes);
  const judged: Judged = { round, modelId: context.model.modelId, updates, aggregateRoot: root };
  keepJudged(storage, judged);
  context.dispatch({ type: "aggregated", round, includeHash, aggregateRoot: root });
  await storage.putBlob(root, bytes, { kind: "aggregate", round });
}
