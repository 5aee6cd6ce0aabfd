import type { WrongLeafProof } from "../../../node/chain/chain.ts";
import { fromHex, keccakWords, toHex, type Address, type Hex } from "../../../node/core/bytes.ts";
import { commitmentHash, nextModelId, scoreCommitmentHash, type IncludedUpdate } from "../../../node/core/encoding.ts";
import {
  AGGREGATE_LEAF_BYTES,
  encodeAggregate,
  encodeUpdate,
  UPDATE_LEAF_BYTES,
} from "../../../node/core/fixedPoint.ts";
import { buildTree } from "../../../node/core/merkle.ts";
import { encodeVector, scoreVector } from "../../../node/core/scores.ts";
import { signDigest } from "../../../node/core/signature.ts";
import { structDigest } from "../../../node/core/typedData.ts";
import { weightedMean, weightsOf } from "../../../node/core/weightedMean.ts";
import type { PeerEffect } from "../../../node/protocol/events.ts";
import { encodeMessage } from "../../../node/protocol/messages.ts";
import { leafProof, randomUpdate, rootOfAggregate } from "../roundPlayer.ts";
import type { VirtualFederation } from "./federation.ts";
import type { VirtualPeer } from "./peer.ts";

type Effect<Type extends PeerEffect["type"]> = Extract<PeerEffect, { type: Type }>;
type Finish = (ok: boolean) => void;

/** Longest time that training and scoring take, in seconds. */
const WORK_SECONDS = 0.2;

/** Makes one effect happen on the virtual clock and tells its outcome as events, as the daemon does. */
export async function runVirtualEffect(
  federation: VirtualFederation,
  peer: VirtualPeer,
  effect: PeerEffect,
  finish: Finish,
): Promise<void> {
  const { chain } = peer;
  const transact = (call: string, send: () => Promise<unknown>): void => federation.transact(call, send, finish);
  const after = (seconds: number, work: () => void): void => {
    const { life } = peer;
    federation.queue.after(federation.between(seconds), () => {
      if (peer.life === life) work();
    });
  };
  const { messageSeconds } = federation.conditions;
  switch (effect.type) {
    case "train":
      return after(WORK_SECONDS, () => finish(train(federation, peer, effect)));
    case "score":
      return after(WORK_SECONDS, () => finish(score(federation, peer, effect)));
    case "publish":
      return finish(publish(federation, peer, effect));
    case "fetchUpdate":
      return after(messageSeconds, () => finish(fetchUpdate(federation, peer, effect)));
    case "fetchAggregate":
      return after(messageSeconds, () =>
        finish(fetchAggregate(federation, peer, effect.aggregateRoot, effect.holders)),
      );
    case "aggregate":
      return finish(aggregate(federation, peer, effect));
    case "sync":
      return after(messageSeconds, () => finish(sync(federation, peer)));
    case "prove":
      return after(messageSeconds, () => {
        const proof = buildProof(federation, peer, effect);
        if (typeof proof === "boolean") return finish(proof);
        transact("proveWrongLeaf", () => chain.proveWrongLeaf(proof));
      });
    case "commit":
      return transact("commit", () => chain.commit(effect.position, effect.commitment));
    case "share":
      return transact("share", () => chain.share(effect.openings, effect.bitmaps));
    case "propose":
      return transact("propose", () => chain.propose(effect.aggregateRoot));
    case "attest":
      return transact("attest", () => chain.attest(effect.attestations, effect.scoreCommits));
    case "openScores":
      return transact("openScores", () => chain.openScores(effect.openings));
    case "advance":
      return transact("advance", () => chain.advance());
  }
}

/** What a member's update of a round is. */
export function updateOf(federation: VirtualFederation, round: number, index: number): Int16Array {
  return randomUpdate(federation.terms.vectorLength, 77, round, index);
}

export function rootOfUpdate(values: Int16Array): Hex {
  return buildTree(encodeUpdate(values), UPDATE_LEAF_BYTES).root;
}

function train(federation: VirtualFederation, peer: VirtualPeer, { round }: Effect<"train">): boolean {
  const { disk, account, index } = peer;
  const kept = disk.updates.get(round);
  if (kept === undefined) {
    const values = updateOf(federation, round, index);
    const updateRoot = rootOfUpdate(values);
    const exampleCount = 50 + 40 * index;
    const salt = keccakWords(federation.random.uint32(), 1);
    const parts = { round, operator: account.operator, updateRoot, exampleCount, salt };
    const commitment = commitmentHash({ chainId: federation.chain.chainId, job: federation.job }, parts);
    disk.updateBlobs.set(updateRoot, values);
    disk.updates.set(round, { updateRoot, exampleCount, salt, commitment });
  }
  federation.dispatch(peer, { type: "trained", round, update: disk.updates.get(round)! });
  return true;
}

function score(federation: VirtualFederation, peer: VirtualPeer, effect: Effect<"score">): boolean {
  const { round, seed, includeHash, updates, own } = effect;
  const { disk, account, index } = peer;
  if (updates.some(({ updateRoot }) => !disk.updateBlobs.has(updateRoot))) return false;
  if (!disk.scores.has(round)) {
    const contributions = updates.map((_, place) => ((3 * index + 5 * place + round) % 7) - 1);
    const vector = encodeVector(scoreVector(contributions, own));
    const salt = keccakWords(federation.random.uint32(), 2);
    const domain = { chainId: federation.chain.chainId, job: federation.job };
    const parts = { round, seed, scorer: account.operator, includeHash, vector, salt };
    const commitment = scoreCommitmentHash(domain, parts);
    disk.scores.set(round, { includeHash, vector: toHex(vector), salt, commitment });
  }
  federation.dispatch(peer, { type: "scored", round, scores: disk.scores.get(round)! });
  return true;
}

function publish(federation: VirtualFederation, peer: VirtualPeer, { body }: Effect<"publish">): boolean {
  const digest = structDigest({ chainId: federation.chain.chainId, job: federation.job }, body);
  const { sent, account } = peer;
  let signed = sent.get(toHex(digest));
  if (signed === undefined) {
    const message = { body, signature: signDigest(digest, fromHex(account.operatorKey)) };
    signed = { message, data: encodeMessage(message, 0) };
    sent.set(toHex(digest), signed);
  }
  federation.dispatch(peer, { type: "message", message: signed.message, author: account.operator });
  federation.broadcast(peer, signed.data);
  return true;
}

function fetchUpdate(federation: VirtualFederation, peer: VirtualPeer, effect: Effect<"fetchUpdate">): boolean {
  const { round, updateRoot, holders } = effect;
  const { updateBlobs } = peer.disk;
  const held = updateBlobs.get(updateRoot);
  const values = held ?? federation.holderOf(updateRoot, "update", holders)?.disk.updateBlobs.get(updateRoot);
  if (values === undefined || federation.happens(federation.conditions.dropRate)) return false;
  updateBlobs.set(updateRoot, values);
  federation.dispatch(peer, { type: "checked", round, updateRoot, ok: true });
  return true;
}

function fetchAggregate(
  federation: VirtualFederation,
  peer: VirtualPeer,
  root: Hex,
  holders: readonly Address[],
): boolean {
  const { aggregateBlobs } = peer.disk;
  const held = aggregateBlobs.get(root);
  const values = held ?? federation.holderOf(root, "aggregate", holders)?.disk.aggregateBlobs.get(root);
  if (values === undefined || federation.happens(federation.conditions.dropRate)) return false;
  aggregateBlobs.set(root, values);
  return true;
}

function meanOfHeld(federation: VirtualFederation, peer: VirtualPeer, updates: readonly IncludedUpdate[]): Int32Array {
  const counts = updates.map(({ exampleCount }) => exampleCount);
  const weights = weightsOf(counts, federation.terms.weightCap);
  return weightedMean(
    updates.map(({ updateRoot }, index) => ({
      values: peer.disk.updateBlobs.get(updateRoot)!,
      weight: weights[index]!,
    })),
  );
}

function aggregate(federation: VirtualFederation, peer: VirtualPeer, effect: Effect<"aggregate">): boolean {
  const { round, includeHash, updates } = effect;
  if (updates.some(({ updateRoot }) => !peer.disk.updateBlobs.has(updateRoot))) return false;
  const exact = meanOfHeld(federation, peer, updates);
  const values = peer.behaviour.tamper?.(exact) ?? exact;
  const aggregateRoot = rootOfAggregate(values);
  peer.disk.aggregateBlobs.set(aggregateRoot, values);
  federation.dispatch(peer, { type: "aggregated", round, includeHash, aggregateRoot });
  return true;
}

function sync(federation: VirtualFederation, peer: VirtualPeer): boolean {
  const { disk } = peer;
  const everybody = federation.peers.map(({ account }) => account.operator);
  for (const root of federation.settledRoots().slice(disk.modelUpdates)) {
    if (!fetchAggregate(federation, peer, root, everybody)) return false;
    disk.modelId = nextModelId(disk.modelId, root);
    disk.modelUpdates++;
    federation.dispatch(peer, { type: "model", modelId: disk.modelId });
  }
  return true;
}

/** @returns false where the aggregate cannot be had, true where it is right */
function buildProof(
  federation: VirtualFederation,
  peer: VirtualPeer,
  effect: Effect<"prove">,
): WrongLeafProof | boolean {
  const { aggregateRoot, updates, holders } = effect;
  if (!fetchAggregate(federation, peer, aggregateRoot, holders)) return false;
  const standing = peer.disk.aggregateBlobs.get(aggregateRoot)!;
  const right = meanOfHeld(federation, peer, updates);
  const coordinate = right.findIndex((value, index) => value !== standing[index]);
  if (coordinate < 0) return true;
  return {
    coordinate,
    updates,
    updateLeaves: updates.map(({ updateRoot }) =>
      leafProof(encodeUpdate(peer.disk.updateBlobs.get(updateRoot)!), UPDATE_LEAF_BYTES, coordinate),
    ),
    aggregateLeaf: leafProof(encodeAggregate(standing), AGGREGATE_LEAF_BYTES, coordinate),
  };
}
