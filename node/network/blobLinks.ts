import type { PeerId } from "@libp2p/interface";
import type { Address } from "../core/bytes.ts";
import type { PacelineError } from "../core/errors.ts";
import { BLOB_PROTOCOL } from "./blobs/frames.ts";
import { BlobLink } from "./blobs/link.ts";
import { pipeOver } from "./blobs/pipe.ts";
import type { Holder } from "./blobs/source.ts";
import type { Compression } from "./blobs/transferSettings.ts";
import { operatorOf } from "./identity.ts";
import type { GossipNode } from "./readiness.ts";

/** A stream that is written to but not taken up; more than one chunk and its header. */
export const MAX_WRITE_BUFFER_BYTES = 4 * 1024 * 1024;

export interface BlobLinksOptions {
  readonly node: GossipNode;
  /** Longest wait for one chunk, in milliseconds. */
  readonly chunkTimeoutMs: number;
  readonly compression: Compression;
  /** A peer broke the protocol. */
  readonly onViolation: (peer: PeerId, error: PacelineError) => void;
  /** A peer sent bytes that do not fit their root. */
  readonly onWrongBytes: (peer: PeerId) => void;
}

/** One long-lived stream for blobs to each peer, whichever job they are of. */
export class BlobLinks {
  readonly #options: BlobLinksOptions;
  readonly #links = new Map<Address, BlobLink>();

  constructor(options: BlobLinksOptions) {
    this.#options = options;
  }

  /** Those of `wanted` that are connected, in the order given. */
  holders(wanted: readonly Address[]): readonly Holder[] {
    const connections = this.#options.node.getConnections();
    const peers = new Map(connections.map(({ remotePeer }) => [operatorOf(remotePeer), remotePeer] as const));
    return wanted.flatMap((operator) => {
      const peer = peers.get(operator);
      if (peer === undefined) return [];
      const link = this.#linkTo(operator, peer);
      const holder: Holder = {
        operator,
        load: () => link.load,
        rate: () => link.rate,
        request: (request, target, signal) => link.request(request, target, signal),
        reportWrongBytes: () => this.#options.onWrongBytes(peer),
      };
      return [holder];
    });
  }

  /** The peer has disconnected. */
  forget(operator: Address): void {
    this.#links.get(operator)?.close();
    this.#links.delete(operator);
  }

  close(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #linkTo(operator: Address, peer: PeerId): BlobLink {
    const existing = this.#links.get(operator);
    if (existing !== undefined) return existing;
    const { node, chunkTimeoutMs, compression, onViolation } = this.#options;
    const link = new BlobLink({
      chunkTimeoutMs,
      compression,
      open: async (events, signal) => {
        const connections = node.getConnections(peer);
        const connection = connections.find(({ limits }) => limits === undefined) ?? connections[0];
        if (connection === undefined) throw new Error("not connected");
        const stream = await connection.newStream(BLOB_PROTOCOL, { signal, runOnLimitedConnection: true });
        stream.maxWriteBufferLength = MAX_WRITE_BUFFER_BYTES;
        return pipeOver(stream, events);
      },
      onViolation: (error) => onViolation(peer, error),
    });
    this.#links.set(operator, link);
    return link;
  }
}
