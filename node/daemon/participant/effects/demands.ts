import { PacelineError } from "../../../core/errors.ts";
import { AGGREGATE_LEAF_BYTES, encodeAggregate, UPDATE_LEAF_BYTES } from "../../../core/fixedPoint.ts";
import { buildTree, leafCountOf, treeDepth } from "../../../core/merkle.ts";
import type { Receipt } from "../../../chain/chain.ts";
import { descend, firstDifference, sampledLeaf, shownUnder, type Row } from "../../../protocol/descent.ts";
import type { PeerEffect } from "../../../protocol/events.ts";
import type { ParticipantContext } from "../context.ts";
import { exactAggregate } from "./aggregation.ts";
import { proveShownLeaf } from "./wrongLeaf.ts";

type DemandEffect = Extract<PeerEffect, { type: "demand" }>;
type AnswerEffect = Extract<PeerEffect, { type: "answer" }>;

/** A transaction that follows from what the chain has shown so far, by the name of its call. */
export interface NextCall {
  readonly call: string;
  readonly send: () => Promise<Receipt>;
}

/**
 * The next step to a leaf of a tree whose leaves are hidden: of the aggregate down to where it differs from the right one,
 * which then is proven wrong; of an update to a leaf that this peer picks.
 * @returns undefined where all that can be asked for was shown
 */
export async function nextDemand(context: ParticipantContext, effect: DemandEffect): Promise<NextCall | undefined> {
  const { chain } = context;
  const { tree, root, updates } = effect;
  const top = { tree, level: treeDepth(leafCountOf(chain.terms.vectorLength)), index: 0, hash: root };
  const step = descend(top, await chain.answers(), await chooserFor(context, effect));
  if (step.type === "demand") {
    return { call: "demand", send: () => chain.demand(updates, step.node, step.path) };
  }
  if (tree > 0) return undefined;
  const proof = await proveShownLeaf(context, updates, step.index, step);
  return { call: "proveWrongLeaf", send: () => chain.proveWrongLeaf(proof) };
}

async function chooserFor(
  context: ParticipantContext,
  { tree, root, seed, updates }: DemandEffect,
): Promise<(row: Row) => number> {
  const { operator, terms } = context.chain;
  if (tree > 0) return sampledLeaf(seed, operator, root, leafCountOf(terms.vectorLength));
  const right = encodeAggregate(await exactAggregate(context, updates));
  return firstDifference(buildTree(right, AGGREGATE_LEAF_BYTES));
}

/** What answers a demand, from the blob that this peer holds. */
export async function answerData(context: ParticipantContext, { node, root }: AnswerEffect): Promise<Uint8Array> {
  const bytes = await context.updates.readBlob(root);
  if (bytes === undefined) throw new PacelineError("not-found", `the blob ${root} is not held`, { root });
  return context.stopwatch.measure("verification", async () => {
    const leafBytes = node.tree === 0 ? AGGREGATE_LEAF_BYTES : UPDATE_LEAF_BYTES;
    return shownUnder(buildTree(bytes, leafBytes), bytes, node);
  });
}
