import { fromHex, toHex, type Hex } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { isLeafSize } from "./chunks.ts";

/**
 * The blob protocol's frames, integers big-endian.
 *
 *   request   id u32 · kind u8 (0 chunk, 1 nodes, 2 have) · accepts u8 (bit 0: zstd) · leafBytes u16 · index u32 · root 32 bytes
 *   response  id u32 · index u32 · length u32 · encoding u8 (0 as it is, 1 zstd) · `length` bytes
 *
 * A length of 2^32−1 says "not held" and has no bytes. Responses come in the order of the requests. `index` is the chunk's; otherwise it
 * is 0. What `have` asks for is a bit for each chunk, the first one the lowest of the first byte: the chunks that the peer
 * can serve, for it may be fetching the blob itself.
 */
export const BLOB_PROTOCOL = "/paceline/blob/2";
export const REQUEST_BYTES = 44;
export const RESPONSE_HEADER_BYTES = 13;
export const NOT_HELD = 0xffffffff;

const KINDS = ["chunk", "nodes", "have"] as const;
const ENCODINGS = ["plain", "zstd"] as const;
const ACCEPTS_ZSTD = 1;

export type BlobEncoding = (typeof ENCODINGS)[number];

export interface BlobRequest {
  readonly kind: (typeof KINDS)[number];
  readonly root: Hex;
  readonly leafBytes: number;
  readonly index: number;
  /** Whether the answer may be compressed. */
  readonly zstd?: boolean;
}

export interface ResponseHeader {
  readonly id: number;
  readonly index: number;
  /** Bytes that follow, or NOT_HELD. */
  readonly length: number;
  /** Of the bytes that follow; plain unless told. */
  readonly encoding?: BlobEncoding;
}

export function encodeRequest(id: number, request: BlobRequest): Uint8Array {
  const frame = new Uint8Array(REQUEST_BYTES);
  const view = new DataView(frame.buffer);
  view.setUint32(0, id);
  view.setUint8(4, KINDS.indexOf(request.kind));
  view.setUint8(5, request.zstd === true ? ACCEPTS_ZSTD : 0);
  view.setUint16(6, request.leafBytes);
  view.setUint32(8, request.index);
  frame.set(fromHex(request.root), 12);
  return frame;
}

/** @throws PacelineError `bad-message` for a frame that no peer of ours writes */
export function decodeRequest(frame: Uint8Array): { readonly id: number; readonly request: BlobRequest } {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (frame.length !== REQUEST_BYTES)
    throw new PacelineError("bad-message", `a blob request has ${REQUEST_BYTES} bytes, got ${frame.length}`);
  const kind = KINDS[view.getUint8(4)];
  const accepts = view.getUint8(5);
  const leafBytes = view.getUint16(6);
  const index = view.getUint32(8);
  if (kind === undefined || accepts > ACCEPTS_ZSTD || !isLeafSize(leafBytes) || (kind !== "chunk" && index !== 0)) {
    throw new PacelineError("bad-message", "malformed blob request", { kind, leafBytes, index });
  }
  const request = { kind, root: toHex(frame.subarray(12)), leafBytes, index };
  return { id: view.getUint32(0), request: accepts === ACCEPTS_ZSTD ? { ...request, zstd: true } : request };
}

export function encodeResponseHeader(header: ResponseHeader): Uint8Array {
  const frame = new Uint8Array(RESPONSE_HEADER_BYTES);
  const view = new DataView(frame.buffer);
  view.setUint32(0, header.id);
  view.setUint32(4, header.index);
  view.setUint32(8, header.length);
  view.setUint8(12, ENCODINGS.indexOf(header.encoding ?? "plain"));
  return frame;
}

/** Collects a frame of fixed length from pieces cut anywhere. */
class FixedFrame {
  readonly #frame: Uint8Array;
  #filled = 0;

  constructor(length: number) {
    this.#frame = new Uint8Array(length);
  }

  /** Takes bytes from `offset` on and says how many; `complete()` then tells whether the frame is whole. */
  take(bytes: Uint8Array, offset: number): number {
    const piece = bytes.subarray(offset, offset + this.#frame.length - this.#filled);
    this.#frame.set(piece, this.#filled);
    this.#filled += piece.length;
    return piece.length;
  }

  /** The frame once it is whole, and then starts a new one; its bytes are overwritten by the next `take`. */
  complete(): Uint8Array | undefined {
    if (this.#filled < this.#frame.length) return undefined;
    this.#filled = 0;
    return this.#frame;
  }
}

export class RequestDecoder {
  readonly #frame = new FixedFrame(REQUEST_BYTES);

  /** @throws PacelineError `bad-message` at the first malformed frame */
  *feed(bytes: Uint8Array): Generator<{ readonly id: number; readonly request: BlobRequest }> {
    for (let offset = 0; offset < bytes.length;) {
      offset += this.#frame.take(bytes, offset);
      const frame = this.#frame.complete();
      if (frame !== undefined) yield decodeRequest(frame);
    }
  }
}

export interface ResponseSink {
  /**
   * Says where the payload goes: exactly `header.length` bytes, or `"discard"`. Throws for a response that was not asked for or is
   * longer than asked for; so a peer cannot make this one hold more than it has made room for.
   */
  begin(header: ResponseHeader): Uint8Array | "discard";
  /** The payload of the response that was begun is complete; at once where there is none. */
  end(): void;
}

/** Writes payloads straight to where the sink wants them; holds nothing but an unfinished header. */
export class ResponseDecoder {
  readonly #sink: ResponseSink;
  readonly #header = new FixedFrame(RESPONSE_HEADER_BYTES);
  #target: Uint8Array | "discard" = "discard";
  #written = 0;
  #length = 0;
  #inPayload = false;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  /** @throws what the sink throws */
  feed(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length;) {
      offset += this.#inPayload ? this.#takePayload(bytes, offset) : this.#takeHeader(bytes, offset);
    }
  }

  #takeHeader(bytes: Uint8Array, offset: number): number {
    const taken = this.#header.take(bytes, offset);
    const frame = this.#header.complete();
    if (frame !== undefined) this.#begin(frame);
    return taken;
  }

  #begin(frame: Uint8Array): void {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    const encoding = ENCODINGS[view.getUint8(12)];
    if (encoding === undefined) throw new PacelineError("bad-message", "a blob answer in an unknown encoding");
    const header = { id: view.getUint32(0), index: view.getUint32(4), length: view.getUint32(8), encoding };
    this.#target = this.#sink.begin(header);
    this.#length = header.length === NOT_HELD ? 0 : header.length;
    this.#written = 0;
    this.#inPayload = true;
    this.#endIfComplete();
  }

  #takePayload(bytes: Uint8Array, offset: number): number {
    const piece = bytes.subarray(offset, offset + this.#length - this.#written);
    if (this.#target !== "discard") this.#target.set(piece, this.#written);
    this.#written += piece.length;
    this.#endIfComplete();
    return piece.length;
  }

  /** The rest of the payload is discarded: whoever asked has given up, and its memory may be another's by now. */
  discardRest(): void {
    this.#target = "discard";
  }

  #endIfComplete(): void {
    if (this.#written < this.#length) return;
    this.#inPayload = false;
    this.#target = "discard";
    this.#sink.end();
  }
}
