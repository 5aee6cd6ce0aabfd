import type { Address } from "../../core/bytes.ts";
import { Slots } from "./slots.ts";

interface Own {
  readonly slots: Slots;
  users: number;
}

/**
 * Slots of which no peer has more than its share: whoever does not take what it asked for holds up itself first. What a peer
 * asks for beyond its share waits apart from the others.
 */
export class PeerSlots {
  readonly #all: Slots;
  readonly #share: number;
  readonly #peers = new Map<Address, Own>();

  constructor(count: number, share: number) {
    this.#all = new Slots(count);
    this.#share = share;
  }

  /**
   * Waits for a slot; the returned function gives it back, and may be called twice.
   * @throws PacelineError `closed` when aborted while it waits
   */
  async enter(peer: Address, signal: AbortSignal): Promise<() => void> {
    const own = this.#peers.get(peer) ?? { slots: new Slots(this.#share), users: 0 };
    const leaves = [this.#use(peer, own)];
    const leave = (): void => {
      for (let last = leaves.pop(); last !== undefined; last = leaves.pop()) last();
    };
    try {
      leaves.push(await own.slots.enter(0, signal));
      leaves.push(await this.#all.enter(0, signal));
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** A peer is remembered for as long as it has or waits for a slot. */
  #use(peer: Address, own: Own): () => void {
    this.#peers.set(peer, own);
    own.users++;
    return () => void (--own.users === 0 && this.#peers.delete(peer));
  }
}
