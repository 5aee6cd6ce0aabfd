import type { JobChain } from "../../chain/chain.ts";
import type { Network } from "../../network/network.ts";

/** What the registry takes, in bytes. */
const MAX_CONTACT_BYTES = 512;
/** Least time between two publications, in milliseconds; each doubles it, for each costs gas. */
const FIRST_PAUSE_MS = 60_000;
const LAST_PAUSE_MS = 86_400_000;

/** Keeps the registry's contact of this operator as its addresses are. */
export class AnnouncedContact {
  readonly #chain: JobChain;
  readonly #network: Network;
  readonly #now: () => number;
  #published: string | undefined;
  #pause = FIRST_PAUSE_MS;
  #notBefore = -Infinity;

  /** @param now milliseconds */
  constructor(chain: JobChain, network: Network, now: () => number) {
    this.#chain = chain;
    this.#network = network;
    this.#now = now;
  }

  /** Writes this peer's addresses to the registry, unless they stand there already. Throws what the chain throws; comes again then. */
  async update(): Promise<void> {
    const contact = contactOf(this.#network.contacts());
    if (contact === "" || contact === this.#published || this.#now() < this.#notBefore) return;
    const { self } = this.#network;
    const standing = (await this.#chain.contacts([self])).get(self);
    if (standing !== contact) {
      await this.#chain.setContact(contact);
      this.#notBefore = this.#now() + this.#pause;
      this.#pause = Math.min(LAST_PAUSE_MS, this.#pause * 2);
    }
    this.#published = contact;
  }
}

/** As many of the addresses, best first, as the registry takes. */
export function contactOf(addresses: readonly string[]): string {
  let contact = "";
  for (const address of addresses) {
    const longer = contact === "" ? address : `${contact} ${address}`;
    if (Buffer.byteLength(longer) <= MAX_CONTACT_BYTES) contact = longer;
  }
  return contact;
}
