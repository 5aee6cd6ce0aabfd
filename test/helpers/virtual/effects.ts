import { fromHex, toHex } from "../../../node/core/bytes.ts";
import { signDigest } from "../../../node/core/signature.ts";
import { structDigest, type SignedStruct } from "../../../node/core/typedData.ts";
import { auditRound } from "../../../node/daemon/effects/audit.ts";
import { answerData, nextDemand, type NextCall } from "../../../node/daemon/effects/demands.ts";
import { proveWrong } from "../../../node/daemon/effects/wrongLeaf.ts";
import type { PeerEffect } from "../../../node/protocol/events.ts";
import type { PeerMessage } from "../../../node/protocol/messages.ts";
import { contextOf } from "./context.ts";
import type { VirtualFederation } from "./federation.ts";
import type { VirtualPeer } from "./peer.ts";
import { aggregate, bringAggregate, fetchUpdate, score, sync, train } from "./work.ts";

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
  const { messageSeconds } = federation.conditions;
  const after = (seconds: number, work: () => boolean): void => {
    const { life } = peer;
    federation.queue.after(federation.between(seconds), () => {
      if (peer.life === life) finish(work());
    });
  };
  switch (effect.type) {
    case "train":
      return after(WORK_SECONDS, () => train(federation, peer, effect));
    case "score":
      return after(WORK_SECONDS, () => score(federation, peer, effect));
    case "publish":
      return finish(publish(federation, peer, effect.body));
    case "fetchUpdate":
      return after(messageSeconds, () => fetchUpdate(federation, peer, effect));
    case "fetchAggregate":
      return after(messageSeconds, () => bringAggregate(federation, peer, effect));
    case "aggregate":
      return finish(aggregate(federation, peer, effect));
    case "sync":
      return after(messageSeconds, () => sync(federation, peer));
    case "prove":
    case "demand":
    case "answer":
    case "audit":
      return sue(federation, peer, effect, finish);
    case "keepCheckpoint":
      return finish(true); // virtual peers hold no params
    case "propose": {
      const { seat, body } = effect;
      const { signature } = sign(federation, peer, body);
      return federation.transact("propose", () => chain.propose(body.aggregateRoot, { seat, signature }), finish);
    }
    default:
      return federation.transact(effect.type, () => send(peer, effect), finish);
  }
}

/** Effects that are one transaction each. */
type Transaction = Extract<
  PeerEffect,
  {
    type: "commit" | "commitBatch" | "share" | "attest" | "openScores" | "proveEquivocation" | "resume" | "advance";
  }
>;

function send({ chain }: VirtualPeer, effect: Transaction): Promise<unknown> {
  switch (effect.type) {
    case "commit":
      return chain.commit(effect.position, effect.commitment);
    case "commitBatch":
      return chain.commitBatch(effect.commits);
    case "share":
      return chain.share(effect.openings, effect.bitmaps);
    case "attest":
      return chain.attest(effect.attestations, effect.scoreCommits);
    case "openScores":
      return chain.openScores(effect.openings);
    case "proveEquivocation": {
      const { first, second } = effect.equivocation;
      return chain.proveEquivocation(first, first, second);
    }
    case "resume":
      return chain.resume(effect.memberId);
    case "advance":
      return chain.advance();
  }
}

type CourtEffect = Extract<PeerEffect, { type: "prove" | "demand" | "answer" | "audit" }>;

/** What goes to the court: looked up when a message would have come back, then sent. */
function sue(federation: VirtualFederation, peer: VirtualPeer, effect: CourtEffect, finish: Finish): void {
  const { life } = peer;
  federation.queue.after(federation.between(federation.conditions.messageSeconds), async () => {
    if (peer.life !== life) return;
    try {
      const next = await nextCall(federation, peer, effect);
      if (next === undefined) return finish(true);
      federation.transact(next.call, next.send, (ok) => {
        if (ok && effect.type === "audit") audited(federation, peer, effect.judged.round);
        finish(ok);
      });
    } catch {
      finish(false);
    }
  });
}

async function nextCall(
  federation: VirtualFederation,
  peer: VirtualPeer,
  effect: CourtEffect,
): Promise<NextCall | undefined> {
  const context = contextOf(federation, peer);
  const { chain } = peer;
  switch (effect.type) {
    case "prove": {
      if (!bringAggregate(federation, peer, effect)) throw new Error("nobody gives the aggregate");
      const proof = await proveWrong(context, effect.updates, effect.aggregateRoot, effect.holders);
      return proof === undefined ? undefined : { call: "proveWrongLeaf", send: () => chain.proveWrongLeaf(proof) };
    }
    case "demand":
      return nextDemand(context, effect);
    case "answer": {
      const data = await answerData(context, effect);
      return { call: "answer", send: () => chain.answerDemand(effect.id, data) };
    }
    case "audit": {
      const next = await auditRound(context, effect);
      if (next === undefined) audited(federation, peer, effect.judged.round);
      return next;
    }
  }
}

function audited(federation: VirtualFederation, peer: VirtualPeer, round: number): void {
  peer.disk.judged.delete(round);
  federation.dispatch(peer, { type: "audited", round });
}

/** What a peer has signed once need not be signed again: it takes long. */
function sign(federation: VirtualFederation, peer: VirtualPeer, body: SignedStruct): PeerMessage {
  const digest = structDigest({ chainId: federation.chain.chainId, job: federation.job }, body);
  const { signed, account } = peer;
  const key = toHex(digest);
  const message = signed.get(key) ?? { body, signature: signDigest(digest, fromHex(account.operatorKey)) };
  signed.set(key, message);
  return message;
}

function publish(federation: VirtualFederation, peer: VirtualPeer, body: SignedStruct): boolean {
  const message = sign(federation, peer, body);
  federation.dispatch(peer, { type: "message", message, author: peer.account.operator });
  federation.broadcast(peer, message);
  for (const other of peer.behaviour.adds?.(body) ?? []) federation.broadcast(peer, sign(federation, peer, other));
  return true;
}
