import type { PeerId } from "@libp2p/interface";
import type { Address } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import { namesPeer } from "./addresses.ts";
import { checkShape } from "./blobs/chunks.ts";
import { JobBlobs } from "./blobs/jobBlobs.ts";
import type { Holder } from "./blobs/source.ts";
import type { TransferLimits } from "./blobs/transferLimits.ts";
import { Gate } from "./gate.ts";
import { encodeCopy, MAX_COPIES } from "./gossip.ts";
import { operatorOf } from "./identity.ts";
import { Judge, messageId } from "./judge.ts";
import {
  MAX_MESSAGE_BYTES,
  type BlobShape,
  type Network,
  type NetworkCounters,
  type NetworkOptions,
} from "./network.ts";
import { isReady, whenReady, type GossipNode } from "./readiness.ts";

/** What a followed job uses of its host. */
export interface JobHost {
  readonly self: Address;
  readonly node: GossipNode;
  readonly limits: TransferLimits;
  /** Whether a registry may be asked about somebody unknown, which counts as one such question. */
  readonly mayAsk: () => boolean;
  contacts(): readonly string[];
  /** Dials unless connected, and waits for `ready`. */
  reach(contacts: readonly string[], ready: (peer: PeerId, signal: AbortSignal) => Promise<void>): Promise<void>;
  locate: Network["locate"];
  /** Whether an operator is connected for blobs only. */
  isStranger(operator: Address): boolean;
  holders(wanted: readonly Address[]): readonly Holder[];
  traffic(): { readonly bytesSent: number; readonly bytesReceived: number };
  /** Whom the jobs admit has changed. */
  recheck(): void;
  left(job: FollowedJob): void;
}

const MAX_PUBLISHED_REMEMBERED = 4096;

/** One job on a libp2p host: its topic, whom it admits, what it serves and fetches. */
export class FollowedJob implements Network {
  readonly gate: Gate;
  readonly judge: Judge;
  readonly blobs: JobBlobs;
  readonly #host: JobHost;
  readonly #options: NetworkOptions;
  readonly #copies = new Map<string, number>();
  #stopped = false;

  constructor(host: JobHost, options: NetworkOptions) {
    this.#host = host;
    this.#options = options;
    this.gate = new Gate((operator) => options.isRegistered(operator), undefined, host.mayAsk);
    this.judge = new Judge((message, from) => options.onMessage(message, from));
    this.blobs = new JobBlobs({ self: host.self, source: options.blobs, limits: host.limits });
  }

  get self(): Address {
    return this.#host.self;
  }

  get topic(): string {
    return this.#options.topic;
  }

  get servesStrangers(): boolean {
    return this.#options.servesStrangers ?? false;
  }

  get bootstrap(): readonly string[] {
    return (this.#options.bootstrap ?? []).filter(namesPeer);
  }

  contacts(): readonly string[] {
    return this.#host.contacts();
  }

  async connect(contacts: readonly string[]): Promise<void> {
    this.#checkOpen();
    await this.#host.reach(contacts, (peer, signal) => whenReady(this.#host.node, this.topic, peer, signal));
    this.#checkOpen();
  }

  peers(): readonly Address[] {
    if (this.#stopped) return [];
    const { node } = this.#host;
    const subscribed = node.services.gossip.getSubscribers(this.topic);
    return subscribed
      .filter((peer) => isReady(node, this.topic, peer))
      .map(operatorOf)
      .filter((operator) => !this.#host.isStranger(operator)) // gossipsub remembers a score for a while, a member's too
      .sort();
  }

  setFormer(operators: readonly Address[]): void {
    if (this.#stopped) return;
    this.gate.setFormer(operators);
    this.#host.recheck();
  }

  async locate(
    operators: readonly Address[],
    announced?: ReadonlyMap<Address, readonly string[]>,
  ): Promise<ReadonlyMap<Address, readonly string[]>> {
    this.#checkOpen();
    return this.#host.locate(operators, announced);
  }

  async publish(message: Uint8Array): Promise<void> {
    this.#checkOpen();
    if (message.length === 0 || message.length > MAX_MESSAGE_BYTES) {
      throw new PacelineError("bad-argument", `a message has 1 to ${MAX_MESSAGE_BYTES} bytes, got ${message.length}`);
    }
    this.judge.publishedHere(message);
    await this.#host.node.services.gossip.publish(this.topic, encodeCopy(message, this.#nextCopy(message)));
  }

  async fetchBlob(shape: BlobShape, holders: readonly Address[], signal: AbortSignal): Promise<Uint8Array> {
    this.#checkOpen();
    checkShape(shape, this.#options.maxBlobBytes);
    const others = (): readonly Holder[] => this.#host.holders(this.peers());
    return this.blobs.fetch(shape, this.#host.holders(holders), others, signal);
  }

  counters(): NetworkCounters {
    return { ...this.#host.traffic(), messagesReceived: this.judge.received };
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#host.left(this);
    await this.blobs.stop();
  }

  #checkOpen(): void {
    if (this.#stopped) throw new PacelineError("closed", "the network is stopped");
  }

  #nextCopy(message: Uint8Array): number {
    const id = messageId(message);
    const copy = this.#copies.get(id) ?? 0;
    this.#copies.delete(id);
    this.#copies.set(id, (copy + 1) % MAX_COPIES);
    if (this.#copies.size > MAX_PUBLISHED_REMEMBERED) this.#copies.delete(this.#copies.keys().next().value as string);
    return copy;
  }
}
