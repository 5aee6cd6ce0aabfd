import { PacelineError } from "../../core/errors.ts";
import { byPeer } from "../../network/addresses.ts";
import type { PeerStore } from "../../network/peers/peerStore.ts";
import type { HostSettings } from "../adapters.ts";

/** How a daemon reaches others and is reached. Addresses are multiaddrs. */
export interface NetworkSettings {
  readonly listen: readonly string[];
  /** To publish in place of those listened on; none: those. */
  readonly announce: readonly string[];
  /** Peers to stay connected to, each with its /p2p/…; those of the job file come on top. */
  readonly bootstrap: readonly string[];
  /** To be reached through; "any" is any operator that relays others. */
  readonly relays: readonly string[] | "any";
  readonly relayOthers: boolean;
  readonly mdns: boolean;
  /** Whether anybody may fetch blobs of a job whose registry keeps no list. */
  readonly serveStrangers: boolean;
}

export const USUAL_NETWORK: NetworkSettings = {
  listen: ["/ip4/0.0.0.0/tcp/0"],
  announce: [],
  bootstrap: [],
  relays: [],
  relayOthers: false,
  mdns: false,
  serveStrangers: false,
};

export function hostSettings(network: NetworkSettings, peerStore: PeerStore): HostSettings {
  const { listen, announce, bootstrap, relays, relayOthers, mdns } = network;
  return {
    listen,
    ...(announce.length === 0 ? {} : { announce }),
    bootstrap,
    relays,
    relayOthers,
    mdns,
    peerStore,
  };
}

/** Throws `bad-input` unless each names its peer at its end. */
export function requirePeerAddresses(addresses: readonly string[], option: string): readonly string[] {
  try {
    byPeer(addresses);
    return addresses;
  } catch (error) {
    throw new PacelineError(
      "bad-input",
      `${option}: ${addresses.join(", ")}: give multiaddrs with their peer, such as /ip4/192.0.2.7/tcp/4001/p2p/16Uiu2…`,
      {},
      error,
    );
  }
}
