import { identify } from "@libp2p/identify";
import type { Connection, PeerId } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { peerIdFromString } from "@libp2p/peer-id";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import type { Address } from "../core/bytes.ts";
import { messageOf, PacelineError } from "../core/errors.ts";
import { connectionGater } from "./admission.ts";
import { checkShape } from "./blobs/chunks.ts";
import { fetchVerified, type Holder } from "./blobs/fetch.ts";
import { BLOB_PROTOCOL } from "./blobs/frames.ts";
import { BlobLink } from "./blobs/link.ts";
import { pipeOver } from "./blobs/pipe.ts";
import { serveBlobs } from "./blobs/serve.ts";
import { BlobServer } from "./blobs/server.ts";
import { SharedFetches } from "./blobs/shared.ts";
import { Gate } from "./gate.ts";
import { createGossip, encodeCopy, MAX_COPIES, validateWith } from "./gossip.ts";
import { libp2pKeyOf, operatorOf } from "./identity.ts";
import { Judge, messageId } from "./judge.ts";
import {
  MAX_MESSAGE_BYTES,
  type BlobShape,
  type Network,
  type NetworkCounters,
  type NetworkOptions,
} from "./network.ts";
import { isReady, whenReady, type GossipNode } from "./readiness.ts";
import { Traffic } from "./traffic.ts";

export interface Libp2pOptions extends NetworkOptions {
  /** Where to listen, as multiaddrs: "/ip4/0.0.0.0/tcp/4001"; port 0 takes a free one; none: dial only. */
  readonly listen: readonly string[];
  /** What to tell others instead of what it listens on, behind NAT or a proxy. */
  readonly announce?: readonly string[];
  /** Longest wait for a connection to be made and used, in milliseconds; 10,000 unless told. */
  readonly connectTimeoutMs?: number;
}

/** Connections in all; a federation is fully meshed up to about this size. */
const MAX_CONNECTIONS = 256;
/** Connections a second from one host, and handshakes at a time: a whole federation may sit on one machine, or start at once. */
const MAX_INBOUND_A_SECOND = 256;
const MAX_PENDING_INBOUND = 64;
/** Must not exceed libp2p's read buffer of 4 MiB, or a slow reader's stream dies with StreamBufferError. */
const STREAM_WINDOW_BYTES = 4 * 1024 * 1024;
/** A sender takes the receiver's first window to be its own: all peers of a federation must have the same. 256 KiB, yamux's own, is 20 % slower. */
const FIRST_WINDOW_BYTES = 1024 * 1024;
/** A stream that is written to but not taken up; more than one chunk and its header. */
const MAX_WRITE_BUFFER_BYTES = 4 * 1024 * 1024;
const MAX_STREAMS_A_PEER = 32;
const MAX_PUBLISHED_REMEMBERED = 4096;

/** A started node. Throws PacelineError `bad-argument` for a bad key, `bad-input` where it cannot listen. */
export async function createLibp2pNetwork(options: Libp2pOptions): Promise<Network> {
  const traffic = new Traffic();
  const gate = new Gate((operator) => options.isRegistered(operator));
  const handshaken = new Set<string>();
  const node = await createNode(
    options,
    connectionGater(gate, traffic, (peer) => handshaken.add(peer.toString())),
  );
  const network = new Libp2pNetwork(node, options, gate, traffic, handshaken);
  await network.start();
  return network;
}

async function createNode(options: Libp2pOptions, gater: ReturnType<typeof connectionGater>): Promise<GossipNode> {
  return createLibp2p({
    privateKey: libp2pKeyOf(options.privateKey),
    addresses: {
      listen: [...options.listen],
      ...(options.announce === undefined ? {} : { announce: [...options.announce] }),
    },
    transports: [tcp({ dialOpts: { noDelay: true }, listenOpts: { noDelay: true } })],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        maxInboundStreams: MAX_STREAMS_A_PEER,
        maxOutboundStreams: MAX_STREAMS_A_PEER,
        streamOptions: { initialStreamWindowSize: FIRST_WINDOW_BYTES, maxStreamWindowSize: STREAM_WINDOW_BYTES },
      }),
    ],
    connectionGater: gater,
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      inboundConnectionThreshold: MAX_INBOUND_A_SECOND,
      maxIncomingPendingConnections: MAX_PENDING_INBOUND,
      // Gossipsub opens its streams one after another: an unresponsive peer holds up those behind it for so long.
      outboundStreamProtocolNegotiationTimeout: 3_000,
    },
    // A peer whose process is busy for some seconds is not gone.
    connectionMonitor: { pingInterval: 20_000, pingTimeout: { minTimeout: 20_000, maxTimeout: 60_000 } },
    services: { identify: identify(), gossip: createGossip(options.topic) },
    start: false,
  });
}

class Libp2pNetwork implements Network {
  readonly self: Address;
  readonly #node: GossipNode;
  readonly #options: Libp2pOptions;
  readonly #gate: Gate;
  readonly #traffic: Traffic;
  readonly #handshaken: Set<string>;
  readonly #judge: Judge;
  readonly #server: BlobServer;
  readonly #fetches = new SharedFetches();
  readonly #links = new Map<Address, BlobLink>();
  readonly #copies = new Map<string, number>();
  #stopped = false;

  constructor(node: GossipNode, options: Libp2pOptions, gate: Gate, traffic: Traffic, handshaken: Set<string>) {
    this.self = operatorOf(node.peerId);
    this.#node = node;
    this.#options = options;
    this.#gate = gate;
    this.#traffic = traffic;
    this.#handshaken = handshaken;
    this.#judge = new Judge((message, from) => options.onMessage(message, from));
    this.#server = new BlobServer(options.blobs);
  }

  async start(): Promise<void> {
    const { gossip } = this.#node.services;
    gossip.topicValidators.set(this.#options.topic, validateWith(this.#judge));
    await this.#node.handle(BLOB_PROTOCOL, (stream, connection) => this.#serve(stream, connection), {
      maxInboundStreams: 2,
      maxOutboundStreams: 2,
    });
    this.#node.addEventListener("peer:disconnect", ({ detail: peer }) => this.#forget(peer));
    try {
      await this.#node.start();
    } catch (error) {
      throw new PacelineError(
        "bad-input",
        `cannot listen on ${this.#options.listen.join(", ")}: ${messageOf(error)}`,
        {},
        error,
      );
    }
    gossip.subscribe(this.#options.topic);
  }

  contacts(): readonly string[] {
    return this.#node.getMultiaddrs().map((address) => address.toString());
  }

  async connect(contacts: readonly string[]): Promise<void> {
    this.#checkOpen();
    const { peer, addresses } = parseContacts(contacts);
    const operator = operatorOf(peer);
    if (!(await this.#gate.admits(operator)))
      throw new PacelineError("not-registered", `${operator} is not registered`, { operator });
    const signal = AbortSignal.timeout(this.#options.connectTimeoutMs ?? 10_000);
    this.#handshaken.delete(peer.toString());
    try {
      if (this.#node.getConnections(peer).length === 0) await this.#node.dial(addresses, { signal });
      await whenReady(this.#node, this.#options.topic, peer, signal);
    } catch (error) {
      this.#checkOpen();
      throw this.#connectError(operator, peer, signal, error);
    } finally {
      this.#handshaken.delete(peer.toString());
    }
  }

  peers(): readonly Address[] {
    if (this.#stopped) return [];
    const subscribed = this.#node.services.gossip.getSubscribers(this.#options.topic);
    return subscribed
      .filter((peer) => isReady(this.#node, this.#options.topic, peer))
      .map(operatorOf)
      .sort();
  }

  async publish(message: Uint8Array): Promise<void> {
    this.#checkOpen();
    if (message.length === 0 || message.length > MAX_MESSAGE_BYTES) {
      throw new PacelineError("bad-argument", `a message has 1 to ${MAX_MESSAGE_BYTES} bytes, got ${message.length}`);
    }
    this.#judge.publishedHere(message);
    await this.#node.services.gossip.publish(this.#options.topic, encodeCopy(message, this.#nextCopy(message)));
  }

  async fetchBlob(shape: BlobShape, holders: readonly Address[], signal: AbortSignal): Promise<Uint8Array> {
    this.#checkOpen();
    checkShape(shape, this.#options.maxBlobBytes);
    const key = `${shape.root} ${shape.leafBytes} ${shape.leafCount}`;
    return this.#fetches.fetch(key, (stop) => fetchVerified(shape, this.#connectedHolders(holders), stop), signal);
  }

  counters(): NetworkCounters {
    return { ...this.#traffic.totals(), messagesReceived: this.#judge.received };
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#fetches.stopAll();
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
    await this.#node.stop();
  }

  #checkOpen(): void {
    if (this.#stopped) throw new PacelineError("closed", "the network is stopped");
  }

  #connectError(operator: Address, peer: PeerId, signal: AbortSignal, error: unknown): PacelineError {
    if (!signal.aborted && this.#handshaken.has(peer.toString())) {
      return new PacelineError(
        "not-registered",
        `${operator} refused the connection: is this peer's operator registered?`,
        { operator },
        error,
      );
    }
    return new PacelineError("timeout", `cannot connect to ${operator}: ${messageOf(error)}`, { operator }, error);
  }

  #nextCopy(message: Uint8Array): number {
    const id = messageId(message);
    const copy = this.#copies.get(id) ?? 0;
    this.#copies.delete(id);
    this.#copies.set(id, (copy + 1) % MAX_COPIES);
    if (this.#copies.size > MAX_PUBLISHED_REMEMBERED) this.#copies.delete(this.#copies.keys().next().value as string);
    return copy;
  }

  #connectedHolders(wanted: readonly Address[]): readonly Holder[] {
    const connections = new Map(
      this.#node.getConnections().map((connection) => [operatorOf(connection.remotePeer), connection] as const),
    );
    return wanted.flatMap((operator) => {
      const connection = connections.get(operator);
      if (connection === undefined || operator === this.self) return [];
      const link = this.#linkTo(operator, connection.remotePeer);
      return [
        { operator, request: (request, target, signal) => link.request(request, target, signal) } satisfies Holder,
      ];
    });
  }

  #linkTo(operator: Address, peer: PeerId): BlobLink {
    const existing = this.#links.get(operator);
    if (existing !== undefined) return existing;
    const link = new BlobLink({
      chunkTimeoutMs: this.#options.chunkTimeoutMs,
      open: async (events, signal) => {
        const [connection] = this.#node.getConnections(peer);
        if (connection === undefined) throw new Error("not connected");
        const stream = await connection.newStream(BLOB_PROTOCOL, { signal });
        stream.maxWriteBufferLength = MAX_WRITE_BUFFER_BYTES;
        return pipeOver(stream, events);
      },
      onViolation: (error) => this.#hangUp(peer, error),
    });
    this.#links.set(operator, link);
    return link;
  }

  #serve(stream: Parameters<typeof pipeOver>[0], connection: Connection): void {
    stream.maxWriteBufferLength = MAX_WRITE_BUFFER_BYTES;
    serveBlobs(
      (events) => pipeOver(stream, events),
      this.#server,
      (error) => this.#hangUp(connection.remotePeer, error),
    );
  }

  #hangUp(peer: PeerId, error: PacelineError): void {
    for (const connection of this.#node.getConnections(peer)) connection.abort(error);
  }

  #forget(peer: PeerId): void {
    const operator = operatorOf(peer);
    this.#links.get(operator)?.close();
    this.#links.delete(operator);
  }
}

function parseContacts(contacts: readonly string[]): {
  readonly peer: PeerId;
  readonly addresses: ReturnType<typeof multiaddr>[];
} {
  try {
    const addresses = contacts.map((contact) => multiaddr(contact));
    const names = new Set(
      addresses.map((address) => address.getComponents().findLast(({ name }) => name === "p2p")?.value),
    );
    const [name] = names;
    if (names.size !== 1 || name === undefined)
      throw new Error("they must name one peer, as /p2p/… at the end of each");
    return { peer: peerIdFromString(name), addresses };
  } catch (error) {
    throw new PacelineError(
      "bad-argument",
      `cannot use the contacts ${contacts.join(", ")}: ${messageOf(error)}`,
      {},
      error,
    );
  }
}
