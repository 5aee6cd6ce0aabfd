import type { GossipSub } from "@libp2p/gossipsub";
import type { Connection, Libp2p, PeerId } from "@libp2p/interface";

/** A node that gossips. */
export type GossipNode = Libp2p<{ gossip: GossipSub }>;

/**
 * Whether messages go both ways: the peer's subscription has arrived, and our stream to it, whose first message is our own
 * subscription, is open. Whichever side comes to know this second grafts the other at once, so that messages are forwarded too.
 */
export function isReady(node: GossipNode, topic: string, peer: PeerId): boolean {
  if (!node.services.gossip.getSubscribers(topic).some((other) => other.equals(peer))) return false;
  const streams = node.getConnections(peer).flatMap((connection) => connection.streams);
  return streams.some(({ direction, protocol }) => direction === "outbound" && protocol.startsWith("/meshsub/"));
}

/** Resolves when `isReady`; rejects when the peer closes the connection, or at the signal. */
export function whenReady(node: GossipNode, topic: string, peer: PeerId, signal: AbortSignal): Promise<void> {
  const { gossip } = node.services;
  const names = ["subscription-change", "gossipsub:graft", "gossipsub:heartbeat"] as const;
  return whileConnected(node, peer, "the peer does not listen to the topic", signal, (settle) => {
    const check = (): void => {
      if (isReady(node, topic, peer)) settle();
    };
    for (const name of names) gossip.addEventListener(name, check);
    check();
    return () => {
      for (const name of names) gossip.removeEventListener(name, check);
    };
  });
}

/** The connections whose other side has told who it is, which it does once it has admitted this one. */
export class Identified {
  readonly #node: GossipNode;
  readonly #connections = new WeakSet<Connection>();

  constructor(node: GossipNode) {
    this.#node = node;
    node.addEventListener("peer:identify", ({ detail }) => this.#connections.add(detail.connection));
  }

  /** Resolves when a connection to the peer is among them; rejects when the peer closes it, or at the signal. */
  when(peer: PeerId, signal: AbortSignal): Promise<void> {
    return whileConnected(this.#node, peer, "the peer does not say who it is", signal, (settle) => {
      const check = (): void => {
        if (this.#node.getConnections(peer).some((connection) => this.#connections.has(connection))) settle();
      };
      this.#node.addEventListener("peer:identify", check);
      check();
      return () => this.#node.removeEventListener("peer:identify", check);
    });
  }
}

/** A relayed connection may close before the direct one that takes its place is there. */
const GRACE_MS = 2_000;

/** @param watch calls `settle` when what it looks for is there, perhaps at once; returns how to stop looking */
function whileConnected(
  node: GossipNode,
  peer: PeerId,
  late: string,
  signal: AbortSignal,
  watch: (settle: () => void) => () => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  let grace: NodeJS.Timeout | undefined;
  const gone = (): void => {
    if (node.getConnections(peer).length === 0) reject(new Error("the peer closed the connection"));
  };
  const onClose = ({ detail }: CustomEvent<Connection>): void => {
    if (!detail.remotePeer.equals(peer) || grace !== undefined) return;
    // The other side may have a direct connection already that has yet to be admitted here.
    if (detail.limits === undefined) queueMicrotask(gone);
    else grace = setTimeout(gone, GRACE_MS);
  };
  const onAbort = (): void => reject(new Error(late));
  node.addEventListener("connection:close", onClose);
  signal.addEventListener("abort", onAbort);
  const unwatch = watch(() => resolve(undefined));
  // dial() may resolve with a connection that the other side has closed already.
  gone();
  return promise.finally(() => {
    unwatch();
    node.removeEventListener("connection:close", onClose);
    clearTimeout(grace);
    signal.removeEventListener("abort", onAbort);
  });
}
