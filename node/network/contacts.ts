import type { PeerId } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { multiaddr, type Multiaddr } from "@multiformats/multiaddr";
import { messageOf, PacelineError } from "../core/errors.ts";

export interface Contacts {
  readonly peer: PeerId;
  readonly addresses: Multiaddr[];
}

/** Throws PacelineError `bad-argument` for what are no multiaddrs, or do not all name one peer at their end. */
export function parseContacts(contacts: readonly string[]): Contacts {
  try {
    const addresses = contacts.map((contact) => multiaddr(contact));
    const names = new Set(
      addresses.map((address) => address.getComponents().findLast(({ name }) => name === "p2p")?.value),
    );
    const [name] = names;
    if (names.size !== 1 || name === undefined)
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
