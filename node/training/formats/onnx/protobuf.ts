import { PbfReader } from "pbf";
import { PacelineError, messageOf } from "../../../core/errors.ts";

/**
 * Protocol-buffer messages of a file that nobody vouches for: every length is held against the message that it is in, every field's
 * wire type against what it should be (protobuf.dev, "Encoding").
 */

const VARINT = 0;
const BYTES = 2;
const FIXED32 = 5;
/** Wire types of numbers, and bytes that each takes; a varint says itself. */
const NUMBERS = { varint: [VARINT, 0], fixed64: [1, 8], fixed32: [FIXED32, 4] } as const;

/** Calls `onField` for each field in the order of the message. @throws PacelineError `bad-input` where the message is damaged */
export function readMessage(
  bytes: Uint8Array,
  what: string,
  onField: (number: number, field: ProtoField) => void,
): void {
  const reader = new PbfReader(bytes);
  try {
    for (let number = reader.nextField(); number !== 0; number = reader.nextField())
      onField(number, new ProtoField(reader, what));
  } catch (error) {
    if (error instanceof PacelineError) throw error;
    throw damaged(what, messageOf(error), error);
  }
  if (reader.pos !== bytes.length) throw damaged(what, "it ends in the middle of a field");
}

function damaged(what: string, why: string, cause?: unknown): PacelineError {
  return new PacelineError("bad-input", `the ONNX file is damaged or cut short: ${what}: ${why}`, {}, cause);
}

/** The value of one field; read at most once. */
export class ProtoField {
  readonly #reader: PbfReader;
  readonly #what: string;

  constructor(reader: PbfReader, what: string) {
    this.#reader = reader;
    this.#what = what;
  }

  /** A view of the file, not a copy. */
  bytes(): Uint8Array {
    this.#require(BYTES);
    return this.#take(this.#reader.readVarint());
  }

  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  /** Beyond ±2⁵³, the nearest number. */
  integer(): number {
    this.#require(VARINT);
    return this.#reader.readVarint(true);
  }

  float(): number {
    this.#require(FIXED32);
    return this.#reader.readFloat();
  }

  /** One element of a repeated field, or all of them, packed. */
  integers(into: number[]): void {
    if (this.#reader.type === VARINT) into.push(this.integer());
    else eachVarint(this.bytes(), this.#what, (value) => into.push(Number(value)));
  }

  floats(into: number[]): void {
    if (this.#reader.type === FIXED32) into.push(this.float());
    else for (const value of floatsOf(this.bytes())) into.push(value);
  }

  /** The same of numbers of a tensor: the packed bytes, to be read when their number is known; and loose ones as if packed. */
  packed(kind: keyof typeof NUMBERS): Uint8Array {
    const reader = this.#reader;
    const [type, width] = NUMBERS[kind];
    if (reader.type === BYTES) return this.bytes();
    this.#require(type);
    if (kind !== "varint") return this.#take(width);
    const from = reader.pos;
    reader.skip(VARINT);
    return reader.buf.subarray(from, reader.pos);
  }

  #take(length: number): Uint8Array {
    const reader = this.#reader;
    const end = reader.pos + length;
    if (end > reader.length) throw damaged(this.#what, "it ends in the middle of a field");
    const bytes = reader.buf.subarray(reader.pos, end);
    reader.pos = end;
    return bytes;
  }

  #require(type: number): void {
    if (this.#reader.type !== type) throw damaged(this.#what, "a field has another type than it should");
  }
}

function floatsOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.byteLength / 4) }, (_, i) => view.getFloat32(4 * i, true));
}

/** Signed 64-bit varints, exactly. */
export function eachVarint(bytes: Uint8Array, what: string, onValue: (value: bigint) => void): void {
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (shift > 70n) throw damaged(what, "a number is longer than ten bytes");
    if (byte > 0x7f) continue;
    onValue(BigInt.asIntN(64, value));
    [value, shift] = [0n, 0n];
  }
  if (shift !== 0n) throw damaged(what, "it ends in the middle of a number");
}
