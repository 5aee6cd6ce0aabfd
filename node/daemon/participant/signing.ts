import { z } from "zod";
import { toHex, type Hex } from "../../core/bytes.ts";
import type { JobDomain } from "../../core/encoding.ts";
import { PacelineError } from "../../core/errors.ts";
import { signDigest } from "../../core/signature.ts";
import { structDigest, type SignedStruct } from "../../core/typedData.ts";
import { structSchema, type PeerMessage } from "../../protocol/messages.ts";
import { signature, uint32, word } from "../../protocol/wire.ts";
import type { Storage } from "../../storage/storage.ts";
import { parseRecord, readRecord } from "../home/records.ts";

/**
 * Slashing protection, as EIP-3076 has it for validators: what this operator states in a job is on the disk before anybody is
 * given its signature, and nothing that contradicts it is ever signed, whatever a restart has forgotten.
 */
export interface Signer {
  /**
   * @throws PacelineError `contradiction` where it was stated otherwise before, or the round is too old to know;
   *   `storage-failed` where it cannot be written down: then nothing is signed
   */
  sign(body: SignedStruct): PeerMessage;
  /** What was signed in a round, as it would be sent again. */
  signedIn(round: number, seed: Hex): readonly PeerMessage[];
  /** Whether anything is known to have been signed in a round, after whichever draw. */
  hasSignedIn(round: number): boolean;
  /** Signs nothing in this round as long as the process runs: others may have signed there with the same key. */
  bar(round: number): void;
  /**
   * Forgets the rounds before `round`, but for the newest ones in which it has signed, and from now on signs nothing in them. No
   * endpoint's word for a round that is far ahead has it forget what counts.
   */
  forgetBefore(round: number): void;
}

/** Rounds whose signed statements stay on the disk: longer than any reorganisation that one should live through. */
const USUAL_KEPT = 16;
/** Kind of the records, one a statement; the key begins with the round, so that they lie in order. */
const SIGNED = "signed";
/** Kind of the one record of the first round in which statements are known and may be made. */
const HORIZON = "signing";
const FIRST_ROUND = "firstRound";

const statementSchema = z.strictObject({ body: structSchema, digest: word, signature });
type Statement = z.infer<typeof statementSchema>;

/** @param kept rounds before the newest one in which it has signed that are never forgotten */
export function createSigner(
  domain: JobDomain,
  privateKey: Uint8Array,
  storage: Storage,
  kept: number = USUAL_KEPT,
): Signer {
  const firstRound = (): number => readRecord(storage, HORIZON, FIRST_ROUND, uint32) ?? 0;
  const inRound = (prefix: string): Statement[] =>
    storage
      .entries(SIGNED)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, record]) => parseRecord(SIGNED, key, record, statementSchema));

  const barred = new Set<number>();

  return {
    sign(body) {
      const digest = toHex(structDigest(domain, body));
      const key = keyOf(body);
      const before = readRecord(storage, SIGNED, key, statementSchema);
      if (before?.digest === digest) return messageOf(before);
      if (body.round < firstRound() || barred.has(body.round)) throw unknown(body);
      if (before !== undefined && !adds(body, before.body)) throw contradiction(body);
      const signature = signStruct(domain, privateKey, body);
      storage.put(SIGNED, key, { body: toRecord(body), digest, signature });
      return { body, signature };
    },
    signedIn: (round, seed) => inRound(`${prefixOf(round)}${seed}/`).map(messageOf),
    hasSignedIn: (round) => inRound(prefixOf(round)).length > 0,
    bar: (round) => void barred.add(round),
    forgetBefore(round) {
      const entries = storage.entries(SIGNED);
      const newest = Math.max(...entries.map(([key]) => Number.parseInt(key, 10)));
      const horizon = Math.min(round, newest - kept);
      if (horizon <= firstRound()) return;
      const old = entries.filter(([key]) => key < prefixOf(horizon));
      storage.transaction(() => {
        storage.put(HORIZON, FIRST_ROUND, horizon);
        for (const [key] of old) storage.delete(SIGNED, key);
      });
    },
  };
}

/** The bare signature, which nothing remembers. */
export function signStruct(domain: JobDomain, privateKey: Uint8Array, body: SignedStruct): Hex {
  return signDigest(structDigest(domain, body), privateKey);
}

/** What only one statement can be made about. */
function keyOf(body: SignedStruct): string {
  return `${prefixOf(body.round)}${body.seed}/${body.type}/${subjectOf(body)}`;
}

function prefixOf(round: number): string {
  return `${String(round).padStart(10, "0")}/`;
}

function subjectOf(body: SignedStruct): string {
  switch (body.type) {
    case "Commit":
      return "";
    case "Opening":
      return String(body.position);
    case "Bitmap":
      return String(body.seat);
    case "Attestation":
      return `${body.slot}/${body.includeHash}`;
    case "ScoreCommit":
      return body.includeHash;
    case "Checkpoint":
      return body.modelId;
    case "ScoreOpening": // the salt stands for the commitment: with another include set, scores are committed anew
      return `${body.seat}/${body.salt}`;
  }
}

/** A bitmap may say more than before: the chain takes the bits together. Everything else is said once. */
function adds(body: SignedStruct, before: SignedStruct): boolean {
  if (body.type !== "Bitmap" || before.type !== "Bitmap") return false;
  return (body.bits & before.bits) === before.bits;
}

/** A bitmap's bits are in hexadecimal there: JSON has no large integers. */
function toRecord(body: SignedStruct): z.input<typeof structSchema> {
  return body.type === "Bitmap" ? { ...body, bits: `0x${body.bits.toString(16)}` } : body;
}

function messageOf({ body, signature }: Statement): PeerMessage {
  return { body, signature };
}

function contradiction({ type, round }: SignedStruct): PacelineError {
  return new PacelineError(
    "contradiction",
    `this operator has signed another ${type} in round ${round} before, and could be slashed for this one: nothing is signed. ` +
      "Does another daemon use the same key?",
    { type, round },
  );
}

function unknown({ type, round }: SignedStruct): PacelineError {
  return new PacelineError(
    "contradiction",
    `what this operator signed in round ${round} is not known here, and a ${type} could contradict it: nothing is signed`,
    { type, round },
  );
}
