import type { Address, Hex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import { buildTree } from "../core/merkle.ts";
import type { BlobShape, Network, NetworkCounters, NetworkOptions } from "../network/network.ts";
import type { VirtualClock } from "./clock.ts";
import type { Weather } from "./weather.ts";

/** Peers that one peer counts as connected; any other is reached when it is needed. */
const NEIGHBOURS = 32;
/** Longest that a message waits to be read. */
const READ_SECONDS = 0.01;
/** Blobs whose bytes were held against their root already, newest last. */
const MAX_VERIFIED = 512;

/** Blobs that a peer does not give to somebody who asks. */
export type Hiding = (blob: BlobShape, asker: Address) => boolean;

/**
 * A network on a virtual clock. A message comes to every peer, after a time of its own, or is lost on the way; a blob comes from the
 * first holder that is up and shows it. What a gossip mesh sends twice, and how it gets there, is left out: each message is counted once
 * where it was sent, and once where it came.
 */
export class VirtualHub {
  readonly #clock: VirtualClock;
  readonly #weather: Weather;
  readonly #members = new Map<Address, VirtualNetwork>();
  readonly #verified = new Map<Hex, Uint8Array>();
  #order: readonly Address[] | undefined;

  constructor(clock: VirtualClock, weather: Weather) {
    this.#clock = clock;
    this.#weather = weather;
  }

  /** @param self its operator */
  join(self: Address, options: NetworkOptions, hides: Hiding = () => false): Network {
    const network = new VirtualNetwork(this, self, options, hides);
    this.#members.set(network.self, network);
    this.#order = undefined;
    return network;
  }

  leave(network: VirtualNetwork): void {
    if (this.#members.get(network.self) !== network) return;
    this.#members.delete(network.self);
    this.#order = undefined;
  }

  /** The peers after this one, going round. */
  neighboursOf(self: Address): readonly Address[] {
    const order = (this.#order ??= [...this.#members.keys()].sort());
    const place = lowerBound(order, self);
    const count = Math.min(NEIGHBOURS, order.length - 1);
    return Array.from({ length: count }, (_, i) => order[(place + 1 + i) % order.length] as Address);
  }

  broadcast(author: Address, message: Uint8Array): void {
    const { dropRate, duplicateRate, messageSeconds } = this.#weather.conditions;
    const receivers: VirtualNetwork[] = [];
    for (const [operator, network] of this.#members) {
      if (operator === author || this.#weather.happens(dropRate)) continue;
      receivers.push(network);
      if (this.#weather.happens(duplicateRate)) receivers.push(network);
    }
    // Times for all in order, and the receivers in any order, are as good as a time for each.
    const times = Float64Array.from(receivers, () => this.#weather.between(messageSeconds)).sort();
    const order = this.#weather.shuffled(receivers);
    this.#clock.series(times, (index) => order[index]?.deliver(message, author));
  }

  /** A machine that has other things to do gets to what has come a little later, and then to all of it. */
  readSoon(read: () => void): void {
    this.#clock.quietly(READ_SECONDS, read);
  }

  /** What `asker` gets from the first of `holders` that is up, has the blob and shows it. */
  async bring(asker: Address, shape: BlobShape, holders: readonly Address[]): Promise<Uint8Array> {
    const { dropRate, messageSeconds } = this.#weather.conditions;
    await this.#clock.pause(this.#weather.between(messageSeconds));
    const isLost = this.#weather.happens(dropRate);
    for (const holder of isLost ? [] : holders) {
      const bytes = holder === asker ? undefined : await this.#members.get(holder)?.serve(shape, asker);
      if (bytes === undefined) continue;
      return this.#verify(shape, bytes);
    }
    throw new PacelineError("not-found", `nobody gives the blob ${shape.root}`);
  }

  /** The same bytes have the same root, so that they are hashed for the first who fetches them. */
  #verify({ root, leafBytes, leafCount }: BlobShape, bytes: Uint8Array): Uint8Array {
    const known = this.#verified.get(root);
    if (known !== undefined && Buffer.compare(known, bytes) === 0) return known;
    if (bytes.length !== leafBytes * leafCount || buildTree(bytes, leafBytes).root !== root)
      throw new PacelineError("bad-blob", `the blob is not what ${root} stands for`);
    this.#verified.set(root, bytes);
    if (this.#verified.size > MAX_VERIFIED) this.#verified.delete(this.#verified.keys().next().value as Hex);
    return bytes;
  }
}

class VirtualNetwork implements Network {
  readonly self: Address;
  readonly #hub: VirtualHub;
  readonly #options: NetworkOptions;
  readonly #hides: Hiding;
  #bytesSent = 0;
  #bytesReceived = 0;
  #messagesReceived = 0;
  #isStopped = false;
  /** Came, and was not read yet. */
  #inbox: { readonly message: Uint8Array; readonly from: Address }[] = [];

  constructor(hub: VirtualHub, self: Address, options: NetworkOptions, hides: Hiding) {
    this.self = self;
    this.#hub = hub;
    this.#options = options;
    this.#hides = hides;
  }

  contacts(): readonly string[] {
    return [`virtual:${this.self}`];
  }

  connect(): Promise<void> {
    return Promise.resolve();
  }

  peers(): readonly Address[] {
    return this.#hub.neighboursOf(this.self);
  }

  /** Nobody has to be looked for. */
  locate(): Promise<ReadonlyMap<Address, readonly string[]>> {
    return Promise.resolve(new Map());
  }

  /** Everybody is reached here; who is a member is judged message by message. */
  setFormer(): void {}

  publish(message: Uint8Array): Promise<void> {
    this.#bytesSent += message.length;
    this.#hub.broadcast(this.self, message);
    return Promise.resolve();
  }

  async fetchBlob(shape: BlobShape, holders: readonly Address[], signal: AbortSignal): Promise<Uint8Array> {
    const bytes = await this.#hub.bring(this.self, shape, holders);
    signal.throwIfAborted();
    this.#bytesReceived += bytes.length;
    return bytes;
  }

  counters(): NetworkCounters {
    const [bytesSent, bytesReceived, messagesReceived] = [this.#bytesSent, this.#bytesReceived, this.#messagesReceived];
    return { bytesSent, bytesReceived, messagesReceived };
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    this.#hub.leave(this);
    return Promise.resolve();
  }

  /** What was on its way when the peer went is lost. */
  deliver(message: Uint8Array, from: Address): void {
    if (this.#isStopped) return;
    this.#bytesReceived += message.length;
    this.#messagesReceived++;
    if (this.#inbox.push({ message, from }) === 1) this.#hub.readSoon(() => this.#read());
  }

  #read(): void {
    const inbox = this.#inbox;
    this.#inbox = [];
    if (this.#isStopped) return;
    for (const { message, from } of inbox) void this.#options.onMessage(message, from);
  }

  async serve(shape: BlobShape, asker: Address): Promise<Uint8Array | undefined> {
    if (this.#hides(shape, asker)) return undefined;
    const bytes = await this.#options.blobs.readBlob(shape.root);
    this.#bytesSent += bytes?.length ?? 0;
    return bytes;
  }
}

function lowerBound(sorted: readonly string[], value: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as string) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
