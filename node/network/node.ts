import { identify } from "@libp2p/identify";
import type { ConnectionGater } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { createLibp2p } from "libp2p";
import { createGossip } from "./gossip.ts";
import { libp2pKeyOf } from "./identity.ts";
import type { HostOptions } from "./network.ts";
import type { GossipNode } from "./readiness.ts";

export interface Libp2pOptions extends HostOptions {
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
const MAX_STREAMS_A_PEER = 32;

/** libp2p as Paceline uses it; not started. */
export async function createNode(
  options: Libp2pOptions,
  gater: ConnectionGater,
  peerScore: (peer: string) => number,
): Promise<GossipNode> {
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
    services: { identify: identify(), gossip: createGossip(peerScore) },
    start: false,
  });
}
