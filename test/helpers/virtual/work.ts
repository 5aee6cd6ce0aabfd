import { aggregate as aggregateByRule } from "../../../node/core/aggregationRule.ts";
import { keccakWords, toHex, type Hex } from "../../../node/core/bytes.ts";
import { commitmentHash, nextModelId, scoreCommitmentHash, type IncludedUpdate } from "../../../node/core/encoding.ts";
import { decodeAggregate, decodeUpdate, encodeUpdate, UPDATE_LEAF_BYTES } from "../../../node/core/fixedPoint.ts";
import { buildTree } from "../../../node/core/merkle.ts";
import { encodeVector, scoreVector } from "../../../node/core/scores.ts";
import { weightsOf } from "../../../node/core/weightedMean.ts";
import type { PeerEffect } from "../../../node/protocol/events.ts";
import { randomUpdate, rootOfAggregate } from "../roundPlayer.ts";
import type { VirtualFederation } from "./federation.ts";
import type { VirtualPeer } from "./peer.ts";

/** What virtual peers compute and fetch. Each returns whether it could. */

type Effect<Type extends PeerEffect["type"]> = Extract<PeerEffect, { type: Type }>;

/** What a member's update of a round is. */
export function updateOf(federation: VirtualFederation, round: number, index: number): Int16Array {
  return randomUpdate(federation.terms.vectorLength, 77, round, index);
}

export function rootOfUpdate(values: Int16Array): Hex {
  return buildTree(encodeUpdate(values), UPDATE_LEAF_BYTES).root;
}

export function train(federation: VirtualFederation, peer: VirtualPeer, { round, memberId }: Effect<"train">): boolean {
  const { behaviour, disk, index } = peer;
  if (behaviour.passes?.(round) === true) {
    federation.dispatch(peer, { type: "passed", round });
    return true;
  }
  const kept = disk.updates.get(round);
  if (kept === undefined) {
    const values = updateOf(federation, round, index);
    const updateRoot = rootOfUpdate(values);
    const exampleCount = 50 + 40 * index;
    const salt = keccakWords(federation.random.uint32(), 1);
    const parts = { round, memberId, updateRoot, exampleCount, salt };
    const commitment = commitmentHash({ chainId: federation.chain.chainId, job: federation.job }, parts);
    disk.updateBlobs.set(updateRoot, values);
    disk.updates.set(round, { updateRoot, exampleCount, salt, commitment });
  }
  federation.dispatch(peer, { type: "trained", round, update: disk.updates.get(round)! });
  return true;
}

export function score(federation: VirtualFederation, peer: VirtualPeer, effect: Effect<"score">): boolean {
  const { round, seed, scorer, includeHash, updates, own } = effect;
  const { disk, index } = peer;
  if (updates.some(({ updateRoot }) => !disk.updateBlobs.has(updateRoot))) return false;
  if (disk.scores.get(round)?.includeHash !== includeHash) {
    const contributions = updates.map((_, place) => ((3 * index + 5 * place + round) % 7) - 1);
    const vector = encodeVector(scoreVector(contributions, own));
    const salt = keccakWords(federation.random.uint32(), 2);
    const domain = { chainId: federation.chain.chainId, job: federation.job };
    const parts = { round, seed, scorer, includeHash, vector, salt };
    const commitment = scoreCommitmentHash(domain, parts);
    disk.scores.set(round, { includeHash, vector: toHex(vector), salt, commitment });
  }
  federation.dispatch(peer, { type: "scored", round, scores: disk.scores.get(round)! });
  return true;
}

export function fetchUpdate(
  federation: VirtualFederation,
  peer: VirtualPeer,
  { round, updateRoot, holders }: Effect<"fetchUpdate">,
): boolean {
  const { updateBlobs } = peer.disk;
  if (!updateBlobs.has(updateRoot)) {
    const bytes = federation.ask(peer, updateRoot, "update", holders);
    if (bytes === undefined) return unavailable(federation, peer, round, updateRoot);
    updateBlobs.set(updateRoot, decodeUpdate(bytes, federation.terms.vectorLength));
  }
  federation.dispatch(peer, { type: "checked", round, updateRoot, ok: true });
  return true;
}

export function bringAggregate(
  federation: VirtualFederation,
  peer: VirtualPeer,
  { round, aggregateRoot, holders }: Pick<Effect<"fetchAggregate">, "round" | "aggregateRoot" | "holders">,
): boolean {
  const { aggregateBlobs } = peer.disk;
  if (!aggregateBlobs.has(aggregateRoot)) {
    const bytes = federation.ask(peer, aggregateRoot, "aggregate", holders);
    if (bytes === undefined) return unavailable(federation, peer, round, aggregateRoot);
    aggregateBlobs.set(aggregateRoot, decodeAggregate(bytes, federation.terms.vectorLength));
  }
  federation.dispatch(peer, { type: "fetched", round, aggregateRoot });
  return true;
}

function unavailable(federation: VirtualFederation, peer: VirtualPeer, round: number, root: Hex): boolean {
  federation.dispatch(peer, { type: "unavailable", round, root });
  return false;
}

export function aggregate(federation: VirtualFederation, peer: VirtualPeer, effect: Effect<"aggregate">): boolean {
  const { round, includeHash, updates } = effect;
  if (updates.some(({ updateRoot }) => !peer.disk.updateBlobs.has(updateRoot))) return false;
  const exact = aggregateOfHeld(federation, peer, updates);
  const values = peer.behaviour.tamper?.(exact) ?? exact;
  const aggregateRoot = rootOfAggregate(values);
  peer.disk.aggregateBlobs.set(aggregateRoot, values);
  peer.disk.judged.set(round, { round, modelId: peer.disk.modelId, updates, aggregateRoot });
  federation.dispatch(peer, { type: "aggregated", round, includeHash, aggregateRoot });
  return true;
}

function aggregateOfHeld(
  { terms }: VirtualFederation,
  peer: VirtualPeer,
  updates: readonly IncludedUpdate[],
): Int32Array {
  const counts = updates.map(({ exampleCount }) => exampleCount);
  const weights = weightsOf(counts, terms.weightCap);
  const weighted = updates.map(({ updateRoot }, index) => ({
    values: peer.disk.updateBlobs.get(updateRoot)!,
    weight: weights[index]!,
  }));
  return aggregateByRule(terms.rule, terms.trimPermille, weighted);
}

export function sync(federation: VirtualFederation, peer: VirtualPeer): boolean {
  const { disk } = peer;
  const holders = federation.peers.map(({ account }) => account.operator);
  for (const aggregateRoot of federation.settledRoots().slice(disk.modelUpdates)) {
    if (!bringAggregate(federation, peer, { round: 0, aggregateRoot, holders })) return false;
    disk.modelId = nextModelId(disk.modelId, aggregateRoot);
    disk.modelUpdates++;
    federation.dispatch(peer, { type: "model", modelId: disk.modelId });
  }
  return true;
}
