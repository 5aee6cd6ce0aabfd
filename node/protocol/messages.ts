import { z } from "zod";
import { ZERO_WORD, type Address, type Hex } from "../core/bytes.ts";
import { recoverSigner } from "../core/signature.ts";
import { structDigest, type SignedStruct } from "../core/typedData.ts";
import type { JobDomain } from "../core/encoding.ts";
import type { Member, RoundView } from "../core/roundView.ts";
import { rosterOf } from "./roster.ts";
import { bits, bytes, signature, uint32, uint8, word } from "./wire.ts";
import { faultBeside, type MessageFault } from "./validators.ts";

/**
 * Gossip messages: a signed struct (see docs/encoding.md) as JSON, with its signature and an attempt counter that makes a
 * repeated message a new one for the network's de-duplication.
 */
export interface PeerMessage {
  readonly body: SignedStruct;
  readonly signature: Hex;
}

/** A message that was judged: whose it is, and what to do with it. */
export type Judgement =
  | { readonly verdict: "accepted"; readonly message: PeerMessage; readonly author: Address }
  | { readonly verdict: "ignored" | "rejected"; readonly code: MessageFault };

/** What a message is judged by. */
export interface Surroundings {
  readonly domain: JobDomain;
  /** Undefined before the chain was read. */
  readonly view: RoundView | undefined;
  readonly members: readonly Member[];
  readonly from: Address;
}

/** Above the largest honest message, a score opening over 64 updates. */
const MAX_MESSAGE_BYTES = 4096;
/** Rounds that a message may be ahead of what this peer has seen of the chain. */
const MAX_ROUNDS_AHEAD = 1;
/** Rounds after which nobody says any more what the model of a settled one is. */
const MAX_CHECKPOINT_AGE = 4;

const common = { round: uint32, seed: word };

/** A signed struct as JSON has it. */
export const structSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("Commit"),
    ...common,
    commitment: word.refine((commitment) => commitment !== ZERO_WORD),
  }),
  z.strictObject({
    type: z.literal("Opening"),
    ...common,
    position: uint8,
    updateRoot: word,
    exampleCount: uint32.min(1),
    salt: word,
  }),
  z.strictObject({ type: z.literal("Bitmap"), ...common, seat: uint8, bits }),
  z.strictObject({ type: z.literal("Attestation"), ...common, slot: uint8, includeHash: word, aggregateRoot: word }),
  z.strictObject({ type: z.literal("ScoreCommit"), ...common, includeHash: word, commitment: word }),
  z.strictObject({ type: z.literal("ScoreOpening"), ...common, seat: uint8, vector: bytes, salt: word }),
  z.strictObject({ type: z.literal("Checkpoint"), ...common, modelId: word, updates: uint32, checkpointRoot: word }),
]);
const envelope = z.strictObject({ body: structSchema, signature, attempt: uint32 });

export function encodeMessage(message: PeerMessage, attempt: number): Uint8Array {
  const json = JSON.stringify({ ...message, attempt }, (_, value: unknown) =>
    typeof value === "bigint" ? `0x${value.toString(16)}` : value,
  );
  return new TextEncoder().encode(json);
}

/** Undefined for anything that is not exactly a message. Never throws. */
export function decodeMessage(data: Uint8Array): PeerMessage | undefined {
  if (data.length > MAX_MESSAGE_BYTES) return undefined;
  try {
    const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
    const parsed = envelope.safeParse(json);
    return parsed.success ? { body: parsed.data.body, signature: parsed.data.signature } : undefined;
  } catch {
    return undefined; // not UTF-8, or not JSON
  }
}

/** Who signed a message; undefined where nobody did. */
export function signerOf(domain: JobDomain, { body, signature }: PeerMessage): Address | undefined {
  return recoverSigner(structDigest(domain, body), signature);
}

/** How messages are read: for one peer by their bytes, each time. */
export interface MessageReading {
  readonly decode: typeof decodeMessage;
  readonly signer: typeof signerOf;
}
const READING: MessageReading = { decode: decodeMessage, signer: signerOf };

/**
 * Judges a message by itself and by the chain, before the round's state sees it. What is malformed or signed by nobody is rejected:
 * whoever forwarded it could have known. What does not fit the chain is held against its author alone, and ignored where others pass it
 * on, as honest peers differ in what they have seen; so is what is late, early or by a non-member.
 * @param from the peer that delivered it
 */
export function judgeMessage(
  data: Uint8Array,
  { domain, view, members, from }: Surroundings,
  { decode, signer }: MessageReading = READING,
): Judgement {
  const message = decode(data);
  if (message === undefined) return { verdict: "rejected", code: "malformed" };
  const { body } = message;
  const round = view?.round ?? 0;
  if (body.round < round - roundsBehind(body)) return { verdict: "ignored", code: "late" };
  if (body.round > round + MAX_ROUNDS_AHEAD) return { verdict: "ignored", code: "early" };
  const author = signer(domain, message);
  if (author === undefined) return { verdict: "rejected", code: "bad-signature" };
  if (!rosterOf(members).idOf.has(author)) return { verdict: "ignored", code: "not-a-member" };
  const code = view === undefined ? undefined : faultBeside(body, { domain, view, members, author });
  if (code === undefined) return { verdict: "accepted", message, author };
  return { verdict: code !== "late" && from === author ? "rejected" : "ignored", code };
}

/** A checkpoint is of the round that has settled last: those in between may have been skipped. */
function roundsBehind({ type }: SignedStruct): number {
  return type === "Checkpoint" ? MAX_CHECKPOINT_AGE : 0;
}
