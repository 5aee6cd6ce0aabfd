import { signDigest } from "../core/signature.ts";
import { structDigest } from "../core/typedData.ts";
import { encodeMessage, type PeerMessage } from "../protocol/messages.ts";
import type { PeerEffect } from "../protocol/events.ts";
import type { Receipt } from "../chain/chain.ts";
import { aggregate, proveWrong } from "./effects/aggregation.ts";
import { fetchAggregate, fetchUpdate } from "./effects/blobs.ts";
import { score } from "./effects/scoring.ts";
import { sync } from "./effects/sync.ts";
import { train } from "./effects/training.ts";
import type { ParticipantContext } from "./context.ts";

/** Makes one effect happen and tells its outcome as events. A throw means: not done, to be tried again. */
export async function runEffect(context: ParticipantContext, effect: PeerEffect): Promise<void> {
  const { chain } = context;
  switch (effect.type) {
    case "train":
      return train(context, effect.round);
    case "publish":
      return publish(context, effect.body);
    case "fetchUpdate":
      return fetchUpdate(context, effect.round, effect.updateRoot, effect.holders);
    case "fetchAggregate":
      await fetchAggregate(context, effect.aggregateRoot, effect.holders);
      return;
    case "aggregate":
      return aggregate(context, effect.round, effect.includeHash, effect.updates);
    case "score":
      return score(context, effect);
    case "sync":
      return sync(context, effect.modelId, effect.lastRoot);
    case "prove": {
      const proof = await proveWrong(context, effect.updates, effect.aggregateRoot, effect.holders);
      return proof === undefined ? undefined : transact(context, "proveWrongLeaf", () => chain.proveWrongLeaf(proof));
    }
    case "commit":
      return transact(context, "commit", () => chain.commit(effect.position, effect.commitment));
    case "share":
      return transact(context, "share", () => chain.share(effect.openings, effect.bitmaps));
    case "propose":
      return transact(context, "propose", () => chain.propose(effect.aggregateRoot));
    case "attest":
      return transact(context, "attest", () => chain.attest(effect.attestations, effect.scoreCommits));
    case "openScores":
      return transact(context, "openScores", () => chain.openScores(effect.openings));
    case "advance":
      return transact(context, "advance", () => chain.advance());
  }
}

async function transact(context: ParticipantContext, call: string, send: () => Promise<Receipt>): Promise<void> {
  context.onReceipt(call, await context.stopwatch.measure("chain", send));
}

/** Signs a struct, takes it in as this peer's own message, and gossips it. */
async function publish(context: ParticipantContext, body: PeerMessage["body"]): Promise<void> {
  const message: PeerMessage = { body, signature: signDigest(structDigest(context.domain, body), context.privateKey) };
  context.dispatch({ type: "message", message, author: context.chain.operator });
  // A repeated message needs other bytes, or the network drops it as one it has seen.
  const attempt = Number.parseInt(context.randomWord().slice(2, 10), 16);
  await context.network.publish(encodeMessage(message, attempt));
}
