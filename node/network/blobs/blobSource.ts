import type { Hex } from "../../core/bytes.ts";

/** A blob of which chunks are kept as they come (storage/storage.ts). */
export interface UnfinishedBlob {
  readonly held: readonly number[];
  read(index: number): Promise<Uint8Array | undefined>;
  write(index: number, chunk: Uint8Array): Promise<void>;
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** A disk of blobs: large ones are served from it chunk by chunk, and transfers go on after a restart. */
export interface BlobStore {
  /** Length of a blob that is held whole. */
  bytesOf(root: Hex): number | undefined;
  readChunk(root: Hex, index: number): Promise<Uint8Array | undefined>;
  putNodes(root: Hex, leafBytes: number, nodes: Uint8Array): void;
  getNodes(root: Hex, leafBytes: number): Uint8Array | undefined;
  openPartial(root: Hex, bytes: number): Promise<UnfinishedBlob>;
}

/** Where served blobs come from. */
export interface BlobSource {
  /** The whole blob, or undefined where this peer does not hold it. */
  readBlob(root: Hex): Promise<Uint8Array | undefined>;
  /** Length of a blob that `readBlob` would have to make first, where it knows: what is not in the blob then costs nothing. */
  bytesOf?(root: Hex): number | undefined;
  /** Blobs that are in it are not read whole. */
  readonly store?: BlobStore;
}
