import type { Hex } from "../core/bytes.ts";

/**
 * The port of a participant's disk: small records by key, and blobs by their Merkle root. A record is durable when `put`
 * returns: what must survive a crash (a salt, before the commit that uses it is sent) is written first. Everything throws PacelineError
 * `storage-failed`, saying why, where the disk does not do what it should, and `closed` after close().
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

  /** Stores a blob under its root; the caller has verified it. Storing it again is no error. After a crash it is whole, or not there. */
  putBlob(root: Hex, bytes: Uint8Array): Promise<void>;
  /** The blob; undefined where it is not held or its file is damaged. */
  readBlob(root: Hex): Promise<Uint8Array | undefined>;
  deleteBlob(root: Hex): Promise<void>;
  /** Roots of all blobs that are held. */
  blobRoots(): Promise<readonly Hex[]>;
  close(): void;
}
