import type { Address, Hex } from "../core/bytes.ts";
import type { BlobSource } from "./blobs/blobSource.ts";
import type { TransferSettings } from "./blobs/transferSettings.ts";

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

export interface NetworkCounters {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Gossip messages that were delivered to the validator. */
  readonly messagesReceived: number;
}

/**
 * One node of the network, which every job of a process shares: one identity (the operator's key), one set of connections. Who may
 * connect is whoever a followed job admits; while none is followed, nobody.
 */
export interface Host {
  /** This peer's operator address. */
  readonly self: Address;
  /** Addresses others can dial, as multiaddr strings (the twin has its own scheme). */
  contacts(): readonly string[];
  /**
   * Dials one peer, by its contacts, unless already connected. When it resolves, both sides have admitted each other. Throws
   * PacelineError `not-registered` where this side or the other refuses, `timeout` where nobody answers, `bad-argument` for bad contacts.
   */
  connect(contacts: readonly string[]): Promise<void>;
  /** Operators with an open connection, by ascending address. None after stop(). */
  connected(): readonly Address[];
  /**
   * Takes part in a job's gossip and serves its blobs until the network that it returns is stopped. Throws `bad-argument` for a topic
   * that is followed already, and for more than `MAX_JOBS`.
   */
  follow(options: NetworkOptions): Promise<Network>;
  /** Leaves all jobs and closes all connections. */
  stop(): Promise<void>;
}

/** Jobs that one host follows at a time. */
export const MAX_JOBS = 32;

export interface HostOptions {
  /** The operator's secp256k1 private key, 32 bytes. */
  readonly privateKey: Uint8Array;
  /** Longest wait for one chunk of a blob, in milliseconds. */
  readonly chunkTimeoutMs: number;
  /** What blob transfers may use; all there is, unless told. */
  readonly transfers?: TransferSettings;
}

/** One job on the host. */
export interface Network {
  /** This peer's operator address. */
  readonly self: Address;
  /** The host's. */
  contacts(): readonly string[];
  /** As the host's; when it resolves, messages of this job go both ways. `timeout` also for a peer that does not follow the job. */
  connect(contacts: readonly string[]): Promise<void>;
  /** Operators with an open connection over which messages of this job go both ways, by ascending address. None after stop(). */
  peers(): readonly Address[];
  /**
   * Names the operators that were members of the job and are no more, in place of those named before: this job admits them no longer,
   * and a connection that no other job admits is closed. What the registry said of others is asked anew.
   */
  setFormer(operators: readonly Address[]): void;
  /**
   * Where these operators may be dialled, best first: where they were reached before, where they say themselves that they are, and
   * where they were seen on the local network. Peers are asked about those of whom nothing is known, or who do not answer there.
   * Left out are operators that nobody knows, and addresses where they cannot be. Throws `closed` only.
   * @param announced what they published on the chain, which may be anything
   */
  locate(
    operators: readonly Address[],
    announced?: ReadonlyMap<Address, readonly string[]>,
  ): Promise<ReadonlyMap<Address, readonly string[]>>;
  /**
   * Sends a message to every peer, through others where there is no direct connection; no error where there is no peer yet. The same
   * bytes may be published again for peers that joined later (eight times within two minutes): whoever accepted them is not asked again.
   */
  publish(message: Uint8Array): Promise<void>;
  /**
   * Fetches and verifies a blob from `holders` at once, the least loaded first; those that are not connected are skipped, and what one
   * is long in delivering is asked of another. Each has a deadline a chunk and two strikes; bytes are checked against the root
   * while they arrive, and one that sends wrong ones is asked no more. Other peers that fetch the same blob give what they have of a
   * large one. Concurrent callers share one transfer and its bytes, which must not be changed. Throws PacelineError `bad-blob`, `timeout` or `not-found`, by the gravest
   * failure of a holder, when none delivers; `bad-argument` for a shape beyond the bounds; `closed` when aborted.
   */
  fetchBlob(shape: BlobShape, holders: readonly Address[], signal: AbortSignal): Promise<Uint8Array>;
  /** Bytes are the host's, of all its jobs; messages are this job's. */
  counters(): NetworkCounters;
  /** Leaves the job; the host goes on. */
  stop(): Promise<void>;
}

/** What a job on the network needs of its surroundings. */
export interface NetworkOptions {
  /** Gossip topic; one a job. */
  readonly topic: string;
  /** Registered operators may connect, members of the job or not. */
  isRegistered(operator: Address): Promise<boolean>;
  /**
   * Judges each message once, after de-duplication; one that it ignored, again if it is published again. One that it throws at is
   * ignored. `from` is the peer that delivered it, not the author.
   */
  onMessage(message: Uint8Array, from: Address): Promise<Verdict>;
  readonly blobs: BlobSource;
  /** Operators to stay connected to while the job is followed, by their contacts, for who starts without knowing anybody; others are left out. */
  readonly bootstrap?: readonly string[];
  /** Whether operators that are not registered may connect and fetch blobs of this job, within a rate; they get no messages. No, unless told. */
  readonly servesStrangers?: boolean;
  /** Largest blob this peer will accept, in bytes. */
  readonly maxBlobBytes: number;
}
