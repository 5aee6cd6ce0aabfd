import type { Hex } from "../core/bytes.ts";

/** What a blob is kept for. What is collected by round, and when, is the caller's to say. */
export interface BlobTag {
  /** "update", "aggregate" …; "kept" where nothing is told. */
  readonly kind: string;
  readonly round: number;
}

/** A row of the blobs' index. */
export interface BlobEntry extends BlobTag {
  readonly root: Hex;
  /** Length of the whole blob. */
  readonly bytes: number;
  /** False for one of which only some chunks are here. */
  readonly whole: boolean;
}

/**
 * A blob of which chunks (core/chunks.ts) are kept as they come, so that a transfer goes on after a restart. Chunks are not
 * synced one by one: what a power failure leaves half-written fails its checksum, and reads as not held.
 */
export interface PartialBlob {
  /** Chunks that an earlier run wrote, ascending; whether each is still whole, `read` tells. */
  readonly held: readonly number[];
  /** One chunk; undefined where it is not held or damaged. */
  read(index: number): Promise<Uint8Array | undefined>;
  /** @throws PacelineError `disk-full`, `storage-failed`; what was written before stays */
  write(index: number, bytes: Uint8Array): Promise<void>;
  /** Makes it a blob like any other, durable. @throws PacelineError `bad-argument` unless every chunk is held */
  finish(): Promise<void>;
  /** Keeps what there is for a later `openPartial`. May be called twice, and after `finish`. */
  close(): Promise<void>;
}

/**
 * The port of a participant's disk: small records by key, and blobs by their Merkle root. A record is durable when `put`
 * returns: what must survive a crash (a salt, before the commit that uses it is sent) is written first. Everything throws PacelineError
 * `disk-full` where there is no room, `storage-failed`, saying why, where the disk does not do what it should otherwise, and
 * `closed` after close().
 */
export interface Storage {
  /**
   * JSON-encodable records; `kind` groups them ("salt", "model", "settled" …). Throws `bad-argument` for what JSON would change or lose:
   * bigint (store `String(value)`), NaN, −0, byte arrays, anything but plain objects and arrays.
   */
  put(kind: string, key: string, value: unknown): void;
  get(kind: string, key: string): unknown;
  delete(kind: string, key: string): void;
  /** All records of a kind, by ascending key (bytewise). */
  entries(kind: string): readonly (readonly [key: string, value: unknown])[];
  /**
   * Runs `work` so that its puts and deletes are all kept, or none: a throw, or a crash before it returns, leaves the records as they
   * were. Reads inside see its own writes. Blobs have no part in it. Throws `bad-argument` for a transaction inside another,
   * and for work that is asynchronous: what it wrote after its first wait would stand outside.
   */
  transaction<T>(work: () => T): T;

  /**
   * Stores a blob under its root; the caller has verified it. Storing it again only changes the tag. After a crash, or where the disk
   * is full, it is whole, or not there.
   */
  putBlob(root: Hex, bytes: Uint8Array, tag?: BlobTag): Promise<void>;
  /** The blob; undefined where it is not held or its file is damaged. */
  readBlob(root: Hex): Promise<Uint8Array | undefined>;
  /** One chunk, without reading the others; undefined where it is not held, is damaged, or lies beyond the end. */
  readChunk(root: Hex, index: number): Promise<Uint8Array | undefined>;
  /** Forgets a blob, whole or partial, and its nodes. */
  deleteBlob(root: Hex): Promise<void>;
  /** Roots of all whole blobs, ascending. */
  blobRoots(): Promise<readonly Hex[]>;
  /** The index of all blobs, whole and partial, by ascending root. */
  blobs(): readonly BlobEntry[];
  blob(root: Hex): BlobEntry | undefined;

  /** Nodes of a held blob's tree at chunk height, so that nobody hashes it again to serve it. Kept for as long as the blob. */
  putNodes(root: Hex, leafBytes: number, nodes: Uint8Array): void;
  getNodes(root: Hex, leafBytes: number): Uint8Array | undefined;

  /**
   * Opens what there is of a blob of `bytes`, or starts it. Throws `bad-argument` where it is open already, or held whole;
   * one of another length starts anew.
   */
  openPartial(root: Hex, bytes: number, tag?: BlobTag): Promise<PartialBlob>;

  /** @throws PacelineError `disk-full`, with the free and the needed bytes, unless so many bytes may be written beside the reserve */
  requireSpace(bytes: number): Promise<void>;
  close(): void;
}

/** Of blobs that nobody told anything about: never collected by round. */
export const KEPT: BlobTag = { kind: "kept", round: 0 };
