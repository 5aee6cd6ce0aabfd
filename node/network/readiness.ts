import type { GossipSub } from "@libp2p/gossipsub";
import type { Libp2p, PeerId } from "@libp2p/interface";

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
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      for (const name of ["subscription-change", "gossipsub:graft", "gossipsub:heartbeat"] as const)
        gossip.removeEventListener(name, check);
      node.removeEventListener("peer:disconnect", onDisconnect);
      signal.removeEventListener("abort", onAbort);
      if (error === undefined) resolve();
      else reject(error);
    };
    const check = (): void => {
      if (isReady(node, topic, peer)) settle();
    };
    const onDisconnect = ({ detail }: CustomEvent<PeerId>): void => {
      if (detail.equals(peer)) settle(new Error("the peer closed the connection"));
    };
    const onAbort = (): void => settle(new Error("the peer does not listen to the topic"));
    for (const name of ["subscription-change", "gossipsub:graft", "gossipsub:heartbeat"] as const)
      gossip.addEventListener(name, check);
    node.addEventListener("peer:disconnect", onDisconnect);
    signal.addEventListener("abort", onAbort);
    // dial() may resolve with a connection that the other side has closed already.
    if (node.getConnections(peer).length === 0) settle(new Error("the peer closed the connection"));
    else check();
  });
}
