import { fromHex, toHex, type Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { MAX_RECORD_BYTES } from "./record.ts";

/**
 * The peer exchange's frames, integers big-endian; one question and one answer a stream.
 *
 *   question   count u8 · count × operator, 20 bytes
 *   answer     count u8 · count × (length u16 · signed envelope, `length` bytes)
 */
export const PEERS_PROTOCOL = "/paceline/peers/1";
/** Operators asked about, and records answered, in one stream. */
export const MAX_ASKED = 32;
const OPERATOR_BYTES = 20;
export const MAX_QUESTION_BYTES = 1 + MAX_ASKED * OPERATOR_BYTES;
export const MAX_ANSWER_BYTES = 1 + MAX_ASKED * (2 + MAX_RECORD_BYTES);

export function encodeQuestion(operators: readonly Address[]): Uint8Array {
  return Buffer.concat([Uint8Array.of(operators.length), ...operators.map(fromHex)]);
}

/** @throws PacelineError `bad-message` for a question that no peer of ours asks */
export function decodeQuestion(bytes: Uint8Array): readonly Address[] {
  const count = bytes[0] ?? 0;
  if (count === 0 || count > MAX_ASKED || bytes.length !== 1 + count * OPERATOR_BYTES)
    throw new PacelineError("bad-message", "malformed question for peers", { count, bytes: bytes.length });
  return Array.from({ length: count }, (_, i) =>
    toHex(bytes.subarray(1 + i * OPERATOR_BYTES, 1 + (i + 1) * OPERATOR_BYTES)),
  );
}

export function encodeAnswer(envelopes: readonly Uint8Array[]): Uint8Array {
  const parts = envelopes.flatMap((envelope) => [Uint8Array.of(envelope.length >> 8, envelope.length & 255), envelope]);
  return Buffer.concat([Uint8Array.of(envelopes.length), ...parts]);
}

/** @throws PacelineError `bad-message` for an answer that no peer of ours gives; its records are yet to be opened */
export function decodeAnswer(bytes: Uint8Array): readonly Uint8Array[] {
  const malformed = (): PacelineError => new PacelineError("bad-message", "malformed answer about peers");
  const count = bytes[0] ?? MAX_ASKED + 1;
  if (count > MAX_ASKED) throw malformed();
  const envelopes: Uint8Array[] = [];
  let at = 1;
  for (let i = 0; i < count; i++) {
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    at += 2;
    if (length === 0 || length > MAX_RECORD_BYTES || at + length > bytes.length) throw malformed();
    envelopes.push(bytes.slice(at, at + length));
    at += length;
  }
  if (at !== bytes.length) throw malformed();
  return envelopes;
}
