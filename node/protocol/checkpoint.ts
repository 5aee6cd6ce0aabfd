import { z } from "zod";
import type { Address, Hex } from "../core/bytes.ts";
import type { JobDomain } from "../core/encoding.ts";
import { quorumOf } from "../core/roundView.ts";
import { recoverSigner } from "../core/signature.ts";
import { structDigest } from "../core/typedData.ts";
import { signature, uint32, word } from "./wire.ts";

/**
 * Attested checkpoints: the seats of every eighth settled round sign what the model is after it, so that who comes late need not
 * replay the job. And the talk between neighbours by which a checkpoint is found, which nobody forwards.
 */

/**
 * Settled rounds from one attested checkpoint to the next. Who comes late fetches one checkpoint and replays seven aggregates at most,
 * each as large as the checkpoint; every further halving would double the signatures to spare it half of that.
 */
export const CHECKPOINT_ROUNDS = 8;

export function isCheckpointDue(updates: number): boolean {
  return updates > 0 && updates % CHECKPOINT_ROUNDS === 0;
}

/** What a quorum, or more, of the seats that were drawn in `round` says of the model that it left. */
export interface Certificate {
  readonly round: number;
  readonly seed: Hex;
  readonly modelId: Hex;
  /** Settled rounds in the model. */
  readonly updates: number;
  /** Of the checkpoint's blob. */
  readonly checkpointRoot: Hex;
  readonly signatures: readonly Hex[];
}

/** @param seats operators by seat. @returns whether two thirds of them, each counted once, have signed */
export function isAttested(domain: JobDomain, certificate: Certificate, seats: readonly Address[]): boolean {
  const { signatures, ...checkpoint } = certificate;
  const digest = structDigest(domain, { type: "Checkpoint", ...checkpoint });
  const signers = new Set(signatures.slice(0, seats.length).map((signature) => recoverSigner(digest, signature)));
  return seats.length > 0 && seats.filter((seat) => signers.has(seat)).length >= quorumOf(seats.length);
}

/** Said to neighbours only. */
export type CheckpointTalk =
  /** Whoever has a checkpoint of more than `updates` settled rounds, tell. */
  { readonly type: "wanted"; readonly updates: number } | { readonly type: "held"; readonly certificate: Certificate };

/** All signatures of the largest committee, 32, take 4,600 bytes. */
const MAX_TALK_BYTES = 5120;
const MAX_SIGNATURES = 32;

export const certificateSchema = z.strictObject({
  round: uint32,
  seed: word,
  modelId: word,
  updates: uint32,
  checkpointRoot: word,
  signatures: z.array(signature).min(1).max(MAX_SIGNATURES),
});
const talk = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("wanted"), updates: uint32 }),
  z.strictObject({ type: z.literal("held"), certificate: certificateSchema }),
]);
const envelope = z.strictObject({ checkpoint: talk, attempt: uint32 });

/** @param attempt makes a repeated message a new one for the network's de-duplication */
export function encodeTalk(said: CheckpointTalk, attempt: number): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ checkpoint: said, attempt }));
}

/** What every message of this kind begins with, and none of another. */
const BEGINNING = new TextEncoder().encode('{"checkpoint":');

/** Undefined for anything else, which costs next to nothing. Never throws. */
export function decodeTalk(data: Uint8Array): CheckpointTalk | undefined {
  if (data.length > MAX_TALK_BYTES || BEGINNING.some((byte, at) => byte !== data[at])) return undefined;
  try {
    const parsed = envelope.safeParse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data)));
    return parsed.success ? parsed.data.checkpoint : undefined;
  } catch {
    return undefined; // not UTF-8, or not JSON
  }
}
