import type { NetworkOptions } from "../../../node/network/network.ts";
import { openPeer, type PeerHost } from "./peerHost.ts";

const PEERS = 20;

/** Twenty peers in one process over TCP on loopback, each connected with every other. */
export async function openMesh(
  optionsOf: (index: number) => Pick<NetworkOptions, "blobs"> & Partial<NetworkOptions>,
): Promise<readonly PeerHost[]> {
  const peers: PeerHost[] = [];
  for (let index = 0; index < PEERS; index++) {
    const peer = await openPeer(index, optionsOf(index));
    for (const other of peers) await peer.network.connect(other.network.contacts());
    peers.push(peer);
  }
  while (peers.some(({ network }) => network.peers().length < PEERS - 1))
    await new Promise((resolve) => setTimeout(resolve, 20));
  return peers;
}

export async function closeMesh(peers: readonly PeerHost[]): Promise<void> {
  await Promise.all(peers.map(({ host }) => host.stop()));
}
