import type { Address } from "../../node/core/bytes.ts";
import { createLibp2pHost } from "../../node/network/libp2p.ts";
import type { Host, Network, NetworkOptions } from "../../node/network/network.ts";
import type { Libp2pOptions } from "../../node/network/node.ts";

export interface WorldPeer {
  readonly host: Host;
  readonly network: Network;
  readonly received: string[];
}

export const keyOf = (index: number): Uint8Array => new Uint8Array(32).fill(index);

/** Libp2p hosts on this machine that follow one job, and who of them is registered. */
export class World {
  readonly unregistered = new Set<Address>();
  readonly #hosts: Host[] = [];

  /** @param key of the operator, 1 to 255 */
  async join(key: number, options: Partial<Libp2pOptions> = {}, job: Partial<NetworkOptions> = {}): Promise<WorldPeer> {
    const host = await createLibp2pHost({
      privateKey: keyOf(key),
      chunkTimeoutMs: 5_000,
      listen: ["/ip4/127.0.0.1/tcp/0"],
      ...options,
    });
    this.#hosts.push(host);
    const received: string[] = [];
    const network = await host.follow({
      topic: "paceline/test",
      isRegistered: async (operator) => !this.unregistered.has(operator),
      onMessage: async (message) => {
        received.push(new TextDecoder().decode(message));
        return "accepted";
      },
      blobs: { readBlob: async () => undefined },
      maxBlobBytes: 4 * 1024 * 1024,
      ...job,
    });
    return { host, network, received };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.stop()));
  }
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
