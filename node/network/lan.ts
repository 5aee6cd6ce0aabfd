import type { PeerId, PeerInfo } from "@libp2p/interface";
import { mdns } from "@libp2p/mdns";
import { MAX_ADDRESSES } from "./addresses.ts";
import type { NodeParts } from "./node.ts";

/** So that queries find Paceline's peers and no others. */
const SERVICE = "_paceline._udp.local";
const QUERY_MS = 20_000;

/**
 * Tells the local network by multicast DNS where this host is, and hears the same of others. Started here and not as libp2p's own
 * discovery, which would keep the addresses of everybody that it hears.
 */
export async function listenOnLan(
  parts: NodeParts,
  onPeer: (peer: PeerId, addresses: readonly string[]) => void,
): Promise<{ stop(): Promise<void> }> {
  const service = mdns({ serviceTag: SERVICE, interval: QUERY_MS })(parts as never);
  service.addEventListener("peer", ({ detail }: CustomEvent<PeerInfo>) => {
    const addresses = detail.multiaddrs.slice(0, MAX_ADDRESSES);
    onPeer(
      detail.id,
      addresses.map((address) => `${address.toString()}/p2p/${detail.id.toString()}`),
    );
  });
  const lan = service as typeof service & { start(): Promise<void>; stop(): Promise<void> };
  await lan.start();
  return lan;
}
