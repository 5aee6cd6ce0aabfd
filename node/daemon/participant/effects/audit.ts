import { includeHash } from "../../../core/encoding.ts";
import type { PeerEffect } from "../../../protocol/events.ts";
import { decodeUpdate } from "../../../core/fixedPoint.ts";
import { blobShape, type ParticipantContext } from "../context.ts";
import type { NextCall } from "./demands.ts";
import { proveWrong } from "./wrongLeaf.ts";

type AuditEffect = Extract<PeerEffect, { type: "audit" }>;

/**
 * Holds what settled in a round against what this peer made of it, or makes of it now. It was away, outvoted, or slower than the
 * round: poster and attesters can be slashed as long as their stake is bonded.
 * @returns the proof to send; undefined where nothing wrong settled, or it was proven already
 */
export async function auditRound(
  context: ParticipantContext,
  { judged, owners }: AuditEffect,
): Promise<NextCall | undefined> {
  const { chain, network } = context;
  const { round, updates, aggregateRoot } = judged;
  const record = await chain.roundRecord(round);
  if (record === undefined || record.aggregateRoot === aggregateRoot) return undefined;
  if (record.includeHash !== includeHash(updates)) return undefined; // an update was withheld after this peer had looked
  await bringUpdates(context, { judged, owners });
  const proof = await proveWrong(context, updates, record.aggregateRoot, network.peers());
  if (proof === undefined) return undefined;
  return { call: "proveSettledWrongLeaf", send: () => chain.proveSettledWrongLeaf(round, record, proof) };
}

/** After a restart others' updates are gone; their owners keep them for a while. */
async function bringUpdates(
  context: ParticipantContext,
  { judged, owners }: Pick<AuditEffect, "judged" | "owners">,
): Promise<void> {
  const { chain, network, signal, updates } = context;
  const { vectorLength } = chain.terms;
  for (const { updateRoot } of judged.updates) {
    if ((await updates.read(updateRoot)) !== undefined) continue;
    const bytes = await network.fetchBlob(blobShape(updateRoot, vectorLength, 2), owners, signal);
    await updates.keep(updateRoot, decodeUpdate(bytes, vectorLength), judged.round);
  }
}
