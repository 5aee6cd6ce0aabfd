import type { Address } from "../../core/bytes.ts";

/** What is remembered of an operator between runs. Times in milliseconds since the epoch. */
export interface KnownPeer {
  readonly operator: Address;
  /** Addresses over which it was reached, the last one first. */
  readonly worked: readonly string[];
  /** The newest record that it signed, in base64. */
  readonly record?: string | undefined;
  /** When it was last connected, or its record came. */
  readonly seen: number;
  /** Connections that failed since it was last reached. */
  readonly failures: number;
}

/** Where a host keeps what it knows of peers, so that a restart needs no registry to find them. */
export interface PeerStore {
  load(): readonly KnownPeer[];
  save(peer: KnownPeer): void;
  remove(operator: Address): void;
}

/** For hosts that remember nothing. */
export const forgetful: PeerStore = { load: () => [], save: () => undefined, remove: () => undefined };
