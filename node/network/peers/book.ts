import type { Address } from "../../core/bytes.ts";
import { MAX_ADDRESSES } from "../addresses.ts";
import type { KnownPeer, PeerStore } from "./peerStore.ts";
import { openRecord, type SignedAddresses } from "./record.ts";

const MAX_PEERS = 1_024;
/** Addresses that worked, of one peer. */
const MAX_WORKED = 4;
/** Whoever was not seen for so long is forgotten. */
const KEPT_MS = 60 * 86_400_000;
/** A record from further ahead than clocks differ would never be replaced. */
const MAX_AHEAD_MS = 86_400_000;

interface Entry {
  worked: readonly string[];
  record: SignedAddresses | undefined;
  /** Heard on the local network; never written down. */
  heard: readonly string[];
  seen: number;
  failures: number;
}

/** What a host knows of where operators are: bounded, and kept in a `PeerStore`. */
export class PeerBook {
  readonly #store: PeerStore;
  readonly #now: () => number;
  /** Least recently changed first. */
  readonly #entries = new Map<Address, Entry>();

  /** @param now milliseconds since the epoch */
  constructor(store: PeerStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Takes up what the store has; what is old or does not open is removed from it. */
  async load(): Promise<void> {
    const known = [...this.#store.load()].sort((one, other) => one.seen - other.seen);
    for (const peer of known) {
      if (peer.seen < this.#now() - KEPT_MS) {
        this.#store.remove(peer.operator);
        continue;
      }
      const { worked, seen, failures } = peer;
      this.#put(peer.operator, { worked, record: await this.#recordOf(peer), heard: [], seen, failures }, false);
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * Where the operator may be: where it was reached, where it says that it is, where it was heard. Not checked for plausibility.
   * @param announced what it published elsewhere
   */
  addresses(operator: Address, announced: readonly string[] = []): readonly string[] {
    const { worked = [], record, heard = [] } = this.#entries.get(operator) ?? {};
    return [...new Set([...worked, ...announced, ...(record?.addresses ?? []), ...heard])];
  }

  /** The newest record that the operator signed, as it is passed on. */
  envelope(operator: Address): Uint8Array | undefined {
    return this.#entries.get(operator)?.record?.envelope;
  }

  failures(operator: Address): number {
    return this.#entries.get(operator)?.failures ?? 0;
  }

  /** @param address that was dialled; undefined where the operator dialled */
  reached(operator: Address, address: string | undefined): void {
    const entry = this.#entry(operator);
    const worked = address === undefined ? entry.worked : [...new Set([address, ...entry.worked])].slice(0, MAX_WORKED);
    this.#put(operator, { ...entry, worked, seen: this.#now(), failures: 0 });
  }

  failed(operator: Address): void {
    const entry = this.#entries.get(operator);
    if (entry === undefined) return;
    const failures = entry.failures + 1;
    // Written down at powers of two: it may fail every minute for months.
    this.#put(operator, { ...entry, failures }, (failures & (failures - 1)) === 0);
  }

  /** Keeps the newest record. @returns whether it is newer than what was known */
  learn(record: SignedAddresses): boolean {
    const entry = this.#entry(record.operator);
    const isNewer = entry.record === undefined || entry.record.sequence < record.sequence;
    if (!isNewer || record.sequence > BigInt(Math.trunc(this.#now()) + MAX_AHEAD_MS)) return false;
    this.#put(record.operator, { ...entry, record, seen: this.#now() });
    return true;
  }

  /** On the local network, where nobody signs. */
  heard(operator: Address, addresses: readonly string[]): void {
    this.#put(operator, { ...this.#entry(operator), heard: addresses.slice(0, MAX_ADDRESSES) }, false);
  }

  #entry(operator: Address): Entry {
    return this.#entries.get(operator) ?? { worked: [], record: undefined, heard: [], seen: this.#now(), failures: 0 };
  }

  #put(operator: Address, entry: Entry, keep = true): void {
    this.#entries.delete(operator);
    this.#entries.set(operator, entry);
    if (keep) this.#save(operator, entry);
    if (this.#entries.size <= MAX_PEERS) return;
    const oldest = this.#entries.keys().next().value as Address;
    this.#entries.delete(oldest);
    this.#store.remove(oldest);
  }

  #save(operator: Address, { worked, record, seen, failures }: Entry): void {
    this.#store.save({
      operator,
      worked,
      ...(record === undefined ? {} : { record: Buffer.from(record.envelope).toString("base64") }),
      seen,
      failures,
    });
  }

  async #recordOf({ operator, record }: KnownPeer): Promise<SignedAddresses | undefined> {
    if (record === undefined) return undefined;
    try {
      const opened = await openRecord(Buffer.from(record, "base64"));
      return opened.operator === operator ? opened : undefined;
    } catch {
      return undefined; // a damaged disk, or a clock that was wrong: it comes again
    }
  }
}
