import type { PeerId } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { multiaddr, type Multiaddr } from "@multiformats/multiaddr";
import { BlockList } from "node:net";
import type { Address } from "../core/bytes.ts";
import { messageOf, PacelineError } from "../core/errors.ts";
import { operatorOf } from "./identity.ts";

/** Addresses of one peer that are used, addresses that are looked at for them, and bytes of one. */
export const MAX_ADDRESSES = 16;
const MAX_LOOKED_AT = 64;
const MAX_ADDRESS_BYTES = 256;

export interface Contacts {
  readonly peer: PeerId;
  readonly addresses: Multiaddr[];
}

/** Throws PacelineError `bad-argument` for what are no multiaddrs, or do not all name one peer at their end. */
export function parseContacts(contacts: readonly string[]): Contacts {
  try {
    const addresses = contacts.map((contact) => multiaddr(contact));
    const [name, ...others] = new Set(addresses.map(peerNameOf));
    if (others.length > 0 || name === undefined)
      throw new Error("they must name one peer, as /p2p/… at the end of each");
    return { peer: peerIdFromString(name), addresses };
  } catch (error) {
    throw new PacelineError(
      "bad-argument",
      `cannot use the contacts ${contacts.join(", ")}: ${messageOf(error)}`,
      {},
      error,
    );
  }
}

/** The peer at an address's end. */
function peerNameOf(address: Multiaddr): string | undefined {
  const last = address.getComponents().at(-1);
  return last?.name === "p2p" ? last.value : undefined;
}

export function namesPeer(address: string): boolean {
  try {
    parseContacts([address]);
    return true;
  } catch {
    return false;
  }
}

/** Lists of addresses that name their peer, one list a peer. Throws `bad-argument` for one that names none. */
export function byPeer(addresses: readonly string[]): readonly (readonly string[])[] {
  const grouped = Map.groupBy(addresses, (address) => parseContacts([address]).peer.toString());
  return [...grouped.values()];
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);
loopback.addAddress("::1", "ipv6");

/** What no peer listens on: this network, multicast, reserved and broadcast. */
const nobody = new BlockList();
nobody.addSubnet("0.0.0.0", 8);
nobody.addSubnet("224.0.0.0", 3);
nobody.addAddress("::", "ipv6");
nobody.addSubnet("ff00::", 8, "ipv6");

const local = new BlockList();
for (const [net, bits] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
  ["100.64.0.0", 10],
] as const)
  local.addSubnet(net, bits);
local.addSubnet("fc00::", 7, "ipv6");
local.addSubnet("fe80::", 10, "ipv6");

const isIn = (list: BlockList, address: Multiaddr): boolean => {
  const ip = address.getComponents().find(({ name }) => name === "ip4" || name === "ip6");
  return ip?.value !== undefined && list.check(ip.value, ip.name === "ip6" ? "ipv6" : "ipv4");
};

export const isLoopback = (address: Multiaddr): boolean => isIn(loopback, address);
export const isRelayed = (address: Multiaddr): boolean =>
  address.getComponents().some(({ name }) => name === "p2p-circuit");
export const isQuic = (address: Multiaddr): boolean => address.getComponents().some(({ name }) => name === "quic-v1");

/**
 * What to tell others of the addresses that a host has: from everywhere, then from the same network, then through relays. Loopback
 * addresses only where there is nothing else: all peers are on this machine then.
 */
export function worthAnnouncing(addresses: readonly Multiaddr[]): Multiaddr[] {
  const rank = (address: Multiaddr): number => (isRelayed(address) ? 2 : isIn(local, address) ? 1 : 0);
  const remote = addresses.filter((address) => !isLoopback(address));
  return (remote.length > 0 ? remote : [...addresses]).sort((one, other) => rank(one) - rank(other));
}

/**
 * Those of an operator's addresses that it can be at, in their order; they come from the chain or from a peer, and may say anything.
 * Left out: what does not parse, or does not name the operator's key at its end; networks that nobody listens on, and port 0; more than
 * one relay; loopback, unless all that is announced is loopback and so are this host's own addresses.
 * @param own this host's addresses
 */
export function plausibleAddresses(
  contacts: readonly string[],
  operator: Address,
  own: readonly string[],
): readonly string[] {
  const parsed = contacts
    .slice(0, MAX_LOOKED_AT)
    .filter(({ length }) => length <= MAX_ADDRESS_BYTES)
    .flatMap((contact) => parsedAt(contact, operator));
  const ownAddresses = own.map((contact) => multiaddr(contact));
  const allHere = [...parsed, ...ownAddresses].every(isLoopback);
  const taken = new Set(ownAddresses.map(endpointOf));
  const plausible = parsed.filter((address) => (allHere || !isLoopback(address)) && !taken.has(endpointOf(address)));
  return [...new Set(plausible.map((address) => address.toString()))].slice(0, MAX_ADDRESSES);
}

/** Without the peer at its end. */
const endpointOf = (address: Multiaddr): string => address.toString().replace(/\/p2p\/[^/]+$/, "");

function parsedAt(contact: string, operator: Address): readonly Multiaddr[] {
  try {
    const address = multiaddr(contact);
    const components = address.getComponents();
    const peers = components.filter(({ name }) => name === "p2p").map(({ value }) => operatorNamed(value));
    const relays = components.filter(({ name }) => name === "p2p-circuit").length;
    const hasPort = components.some(({ name, value }) => (name === "tcp" || name === "udp") && Number(value) > 0);
    const isFine =
      peerNameOf(address) !== undefined &&
      peers.at(-1) === operator &&
      peers.length === relays + 1 &&
      relays <= 1 &&
      new Set(peers).size === peers.length &&
      hasPort &&
      !isIn(nobody, address);
    return isFine ? [address] : [];
  } catch {
    return [];
  }
}

const operatorNamed = (peer: string | undefined): Address => operatorOf(peerIdFromString(peer ?? ""));
