import type { SignedStruct } from "../../core/typedData.ts";
import { encodeMessage, type PeerMessage } from "../../protocol/messages.ts";
import type { PeerEffect } from "../../protocol/events.ts";
import type { Receipt } from "../../chain/chain.ts";
import { aggregate } from "./effects/aggregation.ts";
import { auditRound } from "./effects/audit.ts";
import { fetchAggregate, fetchUpdate } from "./effects/blobs.ts";
import { keepCheckpoint } from "./effects/checkpoints.ts";
import { answerData, nextDemand, type NextCall } from "./effects/demands.ts";
import { score } from "./effects/scoring.ts";
import { sync } from "./effects/sync.ts";
import { train } from "./effects/training.ts";
import { proveWrong } from "./effects/wrongLeaf.ts";
import type { ParticipantContext } from "./context.ts";
import { signStruct } from "./signing.ts";

type EffectOf<Type extends PeerEffect["type"]> = Extract<PeerEffect, { type: Type }>;

/** Makes one effect happen and tells its outcome as events. A throw means: not done, to be tried again. */
export async function runEffect(context: ParticipantContext, effect: PeerEffect): Promise<void> {
  const { chain } = context;
  switch (effect.type) {
    case "train":
      return train(context, effect);
    case "publish":
      return publish(context, effect.body);
    case "fetchUpdate":
      return fetchUpdate(context, effect.round, effect.updateRoot, effect.holders);
    case "fetchAggregate":
      return bringAggregate(context, effect);
    case "aggregate":
      return aggregate(context, effect.round, effect.includeHash, effect.updates);
    case "score":
      return score(context, effect);
    case "sync":
      return sync(context, effect.modelId, effect.lastRoot);
    case "keepCheckpoint":
      return keepCheckpoint(context, effect.certificate);
    case "prove": {
      const { round, updates, aggregateRoot, holders } = effect;
      await bringAggregate(context, { round, aggregateRoot, holders });
      const proof = await proveWrong(context, updates, aggregateRoot, holders);
      return proof === undefined ? undefined : transact(context, "proveWrongLeaf", () => chain.proveWrongLeaf(proof));
    }
    case "demand":
      return follow(context, await nextDemand(context, effect));
    case "answer": {
      const data = await answerData(context, effect);
      return transact(context, "answer", () => chain.answerDemand(effect.id, data));
    }
    case "proveEquivocation":
      return proveEquivocation(context, effect);
    case "audit":
      await follow(context, await auditRound(context, effect));
      return settleDispute(context, effect.judged.round);
    case "commit":
      return commitOwn(context, effect);
    case "commitBatch":
      return transact(context, "commitBatch", () => chain.commitBatch(effect.commits, context.wanted()));
    case "share":
      return transact(context, "share", () => chain.share(effect.openings, effect.bitmaps, context.wanted()));
    case "propose":
      return propose(context, effect);
    case "attest":
      return transact(context, "attest", () =>
        chain.attest(effect.attestations, effect.scoreCommits, context.wanted()),
      );
    case "openScores":
      return openScores(context, effect);
    case "advance":
      return transact(context, "advance", () => chain.advance(context.wanted()));
    case "resume":
      return transact(context, "resume", () => chain.resume(effect.memberId));
  }
}

async function bringAggregate(
  context: ParticipantContext,
  { round, aggregateRoot, holders }: Pick<EffectOf<"fetchAggregate">, "round" | "aggregateRoot" | "holders">,
): Promise<void> {
  await fetchAggregate(context, aggregateRoot, holders);
  context.dispatch({ type: "fetched", round, aggregateRoot });
}

function proveEquivocation(
  context: ParticipantContext,
  { equivocation }: EffectOf<"proveEquivocation">,
): Promise<void> {
  const { first, second } = equivocation;
  return transact(context, "proveEquivocation", () => context.chain.proveEquivocation(first, first, second));
}

function settleDispute({ dispatch, storage }: ParticipantContext, round: number): void {
  storage.delete("judged", String(round));
  dispatch({ type: "audited", round });
}

async function follow(context: ParticipantContext, next: NextCall | undefined): Promise<void> {
  if (next !== undefined) await transact(context, next.call, next.send);
}

async function transact(context: ParticipantContext, call: string, send: () => Promise<Receipt>): Promise<void> {
  context.onReceipt(call, await context.stopwatch.measure("chain", send));
}

/**
 * As a batch of one, whose signature is for this round and seed alone. The contract's bare `commit` names no round: a transaction that is
 * late, by a slow endpoint or at too low a price, would stand in the next one, where it cannot be opened and costs the bond.
 */
function commitOwn(
  context: ParticipantContext,
  { round, seed, position, commitment }: EffectOf<"commit">,
): Promise<void> {
  const { signature } = context.signer.sign({ type: "Commit", round, seed, commitment });
  const commits = [{ position, commitment, signature }];
  return transact(context, "commit", () => context.chain.commitBatch(commits, context.wanted()));
}

async function openScores(context: ParticipantContext, { openings }: EffectOf<"openScores">): Promise<void> {
  const { round } = context.state().memory;
  await transact(context, "openScores", () => context.chain.openScores(openings, context.wanted()));
  context.dispatch({ type: "scoresPosted", round, seats: openings.map(({ seat }) => seat) });
}

function propose(context: ParticipantContext, { seat, body }: EffectOf<"propose">): Promise<void> {
  const attestation = { seat, signature: context.signer.sign(body).signature };
  const { chain, wanted } = context;
  return transact(context, "propose", () => chain.propose(body.aggregateRoot, attestation, wanted()));
}

/** Signs a struct, takes it in as this peer's own message, and gossips it. */
async function publish(context: ParticipantContext, body: SignedStruct): Promise<void> {
  const message = context.signer.sign(body);
  context.dispatch({ type: "message", message, author: context.chain.operator });
  await gossip(context, message);
  for (const other of context.misbehaviour.adds?.(context.state(), body) ?? []) {
    await gossip(context, { body: other, signature: signStruct(context.domain, context.privateKey, other) });
  }
}

/** A repeated message needs other bytes, or the network drops it as one it has seen. */
async function gossip({ network, randomWord }: ParticipantContext, message: PeerMessage): Promise<void> {
  const attempt = Number.parseInt(randomWord().slice(2, 10), 16);
  await network.publish(encodeMessage(message, attempt));
}
