import type { Address, Hex } from "../core/bytes.ts";

/**
 * The port of the peer-to-peer network. Peers are named by their operator address: the libp2p identity is the same
 * secp256k1 key. Messages are small (at most `MAX_MESSAGE_BYTES`), signed by what is inside them; blobs are large and
 * named by their Merkle root.
 */
export const MAX_MESSAGE_BYTES = 16 * 1024;

/** What a validator says of a gossip message: deliver and forward; drop silently; drop and hold it against the sender. */
export type Verdict = "accepted" | "ignored" | "rejected";

/** The shape of a blob: what its Merkle tree was built over. */
export interface BlobShape {
  readonly root: Hex;
  /** Bytes of one leaf: 256 for int16 updates, 512 for the int32 aggregate. */
  readonly leafBytes: number;
  /** Leaves that hold data; the blob has exactly leafCount·leafBytes bytes, the last leaf zero-padded. */
  readonly leafCount: number;
}

/** Where served blobs come from; a blob store is one. */
export interface BlobSource {
  /** The whole blob, or undefined where this peer does not hold it. */
  readBlob(root: Hex): Promise<Uint8Array | undefined>;
}

export interface NetworkCounters {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Gossip messages that were delivered to the validator. */
  readonly messagesReceived: number;
}

export interface Network {
  /** This peer's operator address. */
  readonly self: Address;
  /** Addresses others can dial, as multiaddr strings (the twin has its own scheme). */
  contacts(): readonly string[];
  /** Dials unless already connected. Throws PacelineError `timeout` or `not-registered`. */
  connect(contacts: readonly string[]): Promise<void>;
  /** Operators with an open connection. */
  peers(): readonly Address[];
  /** Sends a message to every peer, through others where there is no direct connection. */
  publish(message: Uint8Array): Promise<void>;
  /**
   * Fetches and verifies a blob from the first of `holders` that delivers it; each holder has a deadline a chunk and two
   * strikes. Bytes are checked against the root while they arrive. Throws PacelineError `timeout`, `bad-blob` or `not-found`
   * when no holder delivers, and `closed` when aborted.
   */
  fetchBlob(shape: BlobShape, holders: readonly Address[], signal: AbortSignal): Promise<Uint8Array>;
  counters(): NetworkCounters;
  stop(): Promise<void>;
}

/** What a network needs of its surroundings. */
export interface NetworkOptions {
  /** The operator's secp256k1 private key, 32 bytes. */
  readonly privateKey: Uint8Array;
  /** Gossip topic; one a job. */
  readonly topic: string;
  /** Only registered operators may connect. */
  isRegistered(operator: Address): Promise<boolean>;
  /** Judges each message once, after de-duplication. `from` is the peer that delivered it, not the author. */
  onMessage(message: Uint8Array, from: Address): Promise<Verdict>;
  readonly blobs: BlobSource;
  /** Longest wait for one chunk, in milliseconds. */
  readonly chunkTimeoutMs: number;
  /** Largest blob this peer will accept, in bytes. */
  readonly maxBlobBytes: number;
}
