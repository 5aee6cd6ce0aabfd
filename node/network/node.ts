import { circuitRelayServer, circuitRelayTransport } from "@libp2p/circuit-relay-v2";
import { dcutr } from "@libp2p/dcutr";
import { identify } from "@libp2p/identify";
import type { Connection, ConnectionGater, PeerId, Transport } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import { webSockets } from "@libp2p/websockets";
import { yamux } from "@libp2p/yamux";
import { multiaddr, type Multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { PacelineError } from "../core/errors.ts";
import { isQuic, worthAnnouncing } from "./addresses.ts";
import { createGossip } from "./gossip.ts";
import { libp2pKeyOf } from "./identity.ts";
import type { HostOptions } from "./network.ts";
import { leanNoise } from "./noise.ts";
import type { PeerStore } from "./peers/peerStore.ts";
import type { GossipNode } from "./readiness.ts";
import { bundling, corking } from "./sendingByTurns.ts";

export interface Libp2pOptions extends HostOptions {
  /** Where to listen, as multiaddrs: "/ip4/0.0.0.0/tcp/4001", "…/ws", "/ip6/::/udp/4001/quic-v1"; port 0 takes a free one; none: dial only. */
  readonly listen: readonly string[];
  /** What to tell others instead of what it listens on, behind NAT or a proxy. */
  readonly announce?: readonly string[];
  /** Operators to stay connected to, each as a multiaddr with its /p2p/…; every job's own list comes on top. */
  readonly bootstrap?: readonly string[];
  /** Relays to be reached through, as multiaddrs; "any": two of the operators connected that relay. */
  readonly relays?: readonly string[] | "any";
  /** Whether admitted operators may be reached through this host. */
  readonly relayOthers?: boolean;
  /** Whether to look for operators on the local network. */
  readonly mdns?: boolean;
  /** What is known of peers; nothing is kept unless told. */
  readonly peerStore?: PeerStore;
  /** Longest wait for a connection to be made and used, in milliseconds; 10,000 unless told. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds since the epoch; the machine's unless told. */
  readonly now?: () => number;
  /** In [0, 1), for waits and choices that should differ between hosts; Math.random unless told. */
  readonly random?: () => number;
}

/** What Paceline uses of libp2p's insides, which only a service is given. */
export interface NodeParts {
  readonly registrar: {
    getTopologies(protocol: string): readonly { onConnect?(peer: PeerId, connection: Connection): unknown }[];
  };
  readonly transportManager: { add(transport: Transport): void; getAddrs(): readonly Multiaddr[] };
  readonly addressManager: { confirmObservedAddr(address: Multiaddr, options: { readonly type: "transport" }): void };
}

type TransportFactory = (components: object) => Transport;

/** Connections in all; a federation is fully meshed up to about this size. */
const MAX_CONNECTIONS = 256;
/** Connections a second from one host, and handshakes at a time: a whole federation may sit on one machine, or start at once. */
const MAX_INBOUND_A_SECOND = 256;
const MAX_PENDING_INBOUND = 64;
const MAX_DIALS = 32;
/** From the first byte until the other side is known; libp2p closes what takes longer. */
const HANDSHAKE_MS = 10_000;
/** Must not exceed libp2p's read buffer of 4 MiB, or a slow reader's stream dies with StreamBufferError. */
const STREAM_WINDOW_BYTES = 4 * 1024 * 1024;
/** A sender takes the receiver's first window to be its own: all peers of a federation must have the same. 256 KiB, yamux's own, is 20 % slower. */
const FIRST_WINDOW_BYTES = 1024 * 1024;
/** Each protocol has its own, lower bound; a relay has a stream for every connection through it. */
const MAX_STREAMS_A_PEER = 128;
/** Relays that this host is reached through at a time. */
const RELAYS = 2;
/** What a relay gives to each connection through it: enough for some rounds, not for a proxy. */
const RELAYED_BYTES = 256n * 1024n * 1024n;
const RELAYED_MS = 3_600_000;
const MAX_RELAYED_PEERS = 64;

/** libp2p as Paceline uses it; not started. Throws PacelineError `unsupported` for QUIC without its package. */
export async function createNode(
  options: Libp2pOptions,
  gater: ConnectionGater,
  peerScore: (peer: string) => number,
): Promise<{ readonly node: GossipNode; readonly parts: NodeParts }> {
  let parts: NodeParts | undefined;
  const relays = options.relays === "any" ? RELAYS : Math.min(RELAYS, options.relays?.length ?? 0);
  const node = await createLibp2p({
    privateKey: libp2pKeyOf(options.privateKey),
    addresses: {
      listen: [...options.listen, ...Array.from({ length: relays }, () => "/p2p-circuit")],
      announceFilter: worthAnnouncing,
      ...(options.announce === undefined ? {} : { announce: [...options.announce] }),
    },
    transports: [
      tcp({ dialOpts: { noDelay: true }, listenOpts: { noDelay: true } }),
      webSockets(),
      circuitRelayTransport({ maxInboundStopStreams: MAX_RELAYED_PEERS }),
      ...(options.listen.some((address) => isQuic(multiaddr(address))) ? [await quicTransport()] : []),
    ],
    connectionEncrypters: [leanNoise()],
    streamMuxers: [
      bundling(
        yamux({
          maxInboundStreams: MAX_STREAMS_A_PEER,
          maxOutboundStreams: MAX_STREAMS_A_PEER,
          streamOptions: { initialStreamWindowSize: FIRST_WINDOW_BYTES, maxStreamWindowSize: STREAM_WINDOW_BYTES },
        }),
      ),
    ],
    connectionGater: gater,
    connectionProtector: corking,
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      inboundConnectionThreshold: MAX_INBOUND_A_SECOND,
      maxIncomingPendingConnections: MAX_PENDING_INBOUND,
      maxParallelDials: MAX_DIALS,
      inboundUpgradeTimeout: HANDSHAKE_MS,
      dialTimeout: HANDSHAKE_MS,
      // Gossipsub opens its streams one after another: an unresponsive peer holds up those behind it for so long.
      outboundStreamProtocolNegotiationTimeout: 3_000,
    },
    // A peer whose process is busy for some seconds is not gone.
    connectionMonitor: { pingInterval: 20_000, pingTimeout: { minTimeout: 20_000, maxTimeout: 60_000 } },
    services: {
      identify: identify(),
      gossip: createGossip(peerScore),
      holePunching: dcutr(),
      ...(options.relayOthers === true ? { relay: relayServer() } : {}),
      parts: (components: NodeParts) => {
        parts = components;
        return {};
      },
    },
    start: false,
  });
  return { node, parts: parts as unknown as NodeParts };
}

function relayServer(): ReturnType<typeof circuitRelayServer> {
  return circuitRelayServer({
    reservations: {
      maxReservations: MAX_RELAYED_PEERS,
      defaultDataLimit: RELAYED_BYTES,
      defaultDurationLimit: RELAYED_MS,
    },
    maxOutboundStopStreams: MAX_RELAYED_PEERS,
  });
}

/** Native, and built for some machines only: whoever wants it installs it beside Paceline. */
const QUIC: string = "@chainsafe/libp2p-quic";

/** Loaded when it is needed: the package is optional, and native. Throws PacelineError `unsupported` where it is not there. */
export async function quicTransport(): Promise<TransportFactory> {
  try {
    const { quic } = (await import(QUIC)) as { readonly quic: () => TransportFactory };
    return quic();
  } catch (error) {
    throw new PacelineError(
      "unsupported",
      "QUIC needs the package @chainsafe/libp2p-quic, which is not installed or not built for this machine: install it, or use tcp addresses",
      {},
      error,
    );
  }
}
