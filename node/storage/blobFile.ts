import { hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { chunkCount, chunkLength, chunkOf, CHUNK_BYTES } from "../core/chunks.ts";

/**
 * The form of a blob's file, integers big-endian:
 *
 *   magic "paceblb2" · length of the blob u64 · an entry for each chunk · the blob
 *   entry  held u32 (1, or 0 while the chunk is missing) · CRC-32 of the chunk u32
 *
 * So a chunk can be read and checked without the others, and a file that is still being filled has the same form as a whole
 * one. The checksums are against a failing disk only: whoever could forge them could forge the blob.
 */
const MAGIC = Buffer.from("paceblb2");
const PREFIX_BYTES = MAGIC.length + 8;
const ENTRY_BYTES = 8;

/** Files of schema version 1: magic, sha-256 of the blob, the blob. */
const OLD_MAGIC = Buffer.from("paceblb1");
const OLD_HEADER_BYTES = OLD_MAGIC.length + 32;

/** The head of a blob's file, and where its chunks stand. */
export class BlobHead {
  readonly bytes: number;
  readonly table: Buffer;

  private constructor(bytes: number, table: Buffer) {
    this.bytes = bytes;
    this.table = table;
  }

  /** Of a blob of which nothing is held yet. */
  static empty(bytes: number): BlobHead {
    return new BlobHead(bytes, Buffer.alloc(chunkCount(bytes) * ENTRY_BYTES));
  }

  static over(blob: Uint8Array): BlobHead {
    const head = BlobHead.empty(blob.length);
    for (let index = 0; index < head.chunks; index++) head.setEntry(index, entryOf(chunkOf(blob, index)));
    return head;
  }

  /** The head of an open file; undefined where it is no blob's or cut short. */
  static async read(file: FileHandle): Promise<BlobHead | undefined> {
    const prefix = await readExactly(file, PREFIX_BYTES, 0);
    if (prefix === undefined || !prefix.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
    const { size } = await file.stat();
    const bytes = Number(prefix.readBigUInt64BE(MAGIC.length));
    const tableBytes = chunkCount(bytes) * ENTRY_BYTES;
    if (PREFIX_BYTES + tableBytes + bytes !== size) return undefined;
    const table = await readExactly(file, tableBytes, PREFIX_BYTES);
    return table === undefined ? undefined : new BlobHead(bytes, table);
  }

  get chunks(): number {
    return this.table.length / ENTRY_BYTES;
  }

  /** Bytes of the whole file. */
  get fileBytes(): number {
    return PREFIX_BYTES + this.table.length + this.bytes;
  }

  encode(): Buffer {
    const prefix = Buffer.alloc(PREFIX_BYTES);
    MAGIC.copy(prefix);
    prefix.writeBigUInt64BE(BigInt(this.bytes), MAGIC.length);
    return Buffer.concat([prefix, this.table]);
  }

  holds(index: number): boolean {
    return index < this.chunks && this.table.readUInt32BE(index * ENTRY_BYTES) === 1;
  }

  fits(index: number, chunk: Uint8Array): boolean {
    return this.holds(index) && this.table.readUInt32BE(index * ENTRY_BYTES + 4) === crc32(chunk);
  }

  setEntry(index: number, entry: Buffer): void {
    entry.copy(this.table, index * ENTRY_BYTES);
  }

  /** Where chunk `index` stands in the file. */
  offsetOf(index: number): number {
    return PREFIX_BYTES + this.table.length + index * CHUNK_BYTES;
  }

  /** Where the entry of chunk `index` stands in the file. */
  entryOffsetOf(index: number): number {
    return PREFIX_BYTES + index * ENTRY_BYTES;
  }
}

/** The entry of a chunk that is held. */
export function entryOf(chunk: Uint8Array): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES);
  entry.writeUInt32BE(1, 0);
  entry.writeUInt32BE(crc32(chunk), 4);
  return entry;
}

/** One chunk of an open file; undefined where it is not held or damaged. */
export async function readChunkOf(file: FileHandle, head: BlobHead, index: number): Promise<Uint8Array | undefined> {
  if (!head.holds(index)) return undefined;
  const chunk = await readExactly(file, chunkLength(head.bytes, index), head.offsetOf(index));
  return chunk !== undefined && head.fits(index, chunk) ? plain(chunk) : undefined;
}

/** The blob of an open file; undefined where a part of it is not held or damaged. */
export async function readWhole(file: FileHandle): Promise<Uint8Array | undefined> {
  const head = await BlobHead.read(file);
  const blob = head === undefined ? undefined : await readExactly(file, head.bytes, head.offsetOf(0));
  if (head === undefined || blob === undefined) return undefined;
  for (let index = 0; index < head.chunks; index++) if (!head.fits(index, chunkOf(blob, index))) return undefined;
  return plain(blob);
}

/** The blob in a file of schema version 1; undefined where it is damaged, or of another version. */
export function oldBlob(file: Buffer): Uint8Array | undefined {
  if (file.length < OLD_HEADER_BYTES || !file.subarray(0, OLD_MAGIC.length).equals(OLD_MAGIC)) return undefined;
  const blob = file.subarray(OLD_HEADER_BYTES);
  if (!hash("sha256", blob, "buffer").equals(file.subarray(OLD_MAGIC.length, OLD_HEADER_BYTES))) return undefined;
  return plain(blob);
}

async function readExactly(file: FileHandle, length: number, position: number): Promise<Buffer | undefined> {
  const buffer = Buffer.allocUnsafeSlow(length);
  for (let filled = 0; filled < length;) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) return undefined;
    filled += bytesRead;
  }
  return buffer;
}

function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
