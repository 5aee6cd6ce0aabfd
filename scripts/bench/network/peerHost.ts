import { ServedStore } from "../../../node/daemon/participant/blobStore.ts";
import type { BlobSource } from "../../../node/network/blobs/blobSource.ts";
import { createLibp2pHost } from "../../../node/network/libp2p.ts";
import type { Host, Network, NetworkOptions } from "../../../node/network/network.ts";

import type { Storage } from "../../../node/storage/storage.ts";

/** A peer of a benchmark: one host on loopback that follows one topic and admits everybody. */
export interface PeerHost {
  readonly host: Host;
  readonly network: Network;
}

/** The disk as a daemon serves it. */
export function sourceOver(storage: Storage): BlobSource {
  const store = new ServedStore({
    storage,
    now: () => performance.now() / 1000,
    round: () => 1,
    isHidden: () => false,
  });
  return { readBlob: (root) => storage.readBlob(root), store };
}

/** @param index names the peer; each has a key of its own */
export async function openPeer(
  index: number,
  options: Pick<NetworkOptions, "blobs"> & Partial<NetworkOptions>,
): Promise<PeerHost> {
  const privateKey = new Uint8Array(32).fill(1);
  new DataView(privateKey.buffer).setUint32(0, index + 1);
  const host = await createLibp2pHost({ privateKey, chunkTimeoutMs: 120_000, listen: ["/ip4/127.0.0.1/tcp/0"] });
  const network = await host.follow({
    topic: "/paceline/bench",
    isRegistered: async () => true,
    onMessage: async () => "accepted",
    maxBlobBytes: 2 ** 30,
    ...options,
  });
  return { host, network };
}
