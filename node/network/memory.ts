import type { Address } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import { addressOfPrivateKey } from "../core/signature.ts";
import { checkShape } from "./blobs/chunks.ts";
import { fetchVerified, type Holder } from "./blobs/fetch.ts";
import type { BlobRequest } from "./blobs/frames.ts";
import { BlobServer } from "./blobs/server.ts";
import { SharedFetches } from "./blobs/shared.ts";
import { Gate } from "./gate.ts";
import { Judge } from "./judge.ts";
import {
  MAX_MESSAGE_BYTES,
  type BlobShape,
  type Network,
  type NetworkCounters,
  type NetworkOptions,
} from "./network.ts";

/** What a faulty holder does to one request; undefined where it behaves. */
export type BlobFault = "withhold" | "corrupt" | "stall";
export type BlobFaults = (request: BlobRequest) => BlobFault | undefined;

/**
 * Networks that join one hub are peers in one process: the twin of libp2p. The same gate, judge, blob server and verification; no sockets,
 * no clock. Messages are delivered first in, first out, to neighbours by ascending address; an injected stall times out at once.
 */
export class MemoryHub {
  readonly #members = new Map<Address, MemoryNetwork>();
  readonly #deliveries: (() => void)[] = [];
  #delivering = false;

  /** @param faults what this peer does wrong when it serves blobs */
  join(options: NetworkOptions, faults: BlobFaults = () => undefined): Network {
    const network = new MemoryNetwork(this, options, faults);
    if (this.#members.has(network.self))
      throw new PacelineError("bad-argument", `${network.self} is in this hub already`);
    this.#members.set(network.self, network);
    return network;
  }

  /** Cuts the connection between two peers, where there is one. */
  disconnect(one: Address, other: Address): void {
    this.#members.get(one)?.neighbours.delete(other);
    this.#members.get(other)?.neighbours.delete(one);
  }

  member(operator: Address): MemoryNetwork | undefined {
    return this.#members.get(operator);
  }

  leave(operator: Address): void {
    this.#members.delete(operator);
    for (const other of this.#members.keys()) this.disconnect(operator, other);
  }

  /** Runs `delivery` after all that were enqueued before it, never within the caller. */
  enqueue(delivery: () => void): void {
    this.#deliveries.push(delivery);
    if (this.#delivering) return;
    this.#delivering = true;
    queueMicrotask(() => {
      for (let next = this.#deliveries.shift(); next !== undefined; next = this.#deliveries.shift()) next();
      this.#delivering = false;
    });
  }
}

const SCHEME = "memory:";
/** Which copies of which messages a peer has forwarded. */
const MAX_FORWARDED = 16_384;

/** A message on its way; each publication is an object of its own, which is what de-duplication goes by. */
interface Copy {
  readonly message: Uint8Array;
}

class MemoryNetwork implements Network {
  readonly self: Address;
  readonly gate: Gate;
  readonly neighbours = new Set<Address>();
  readonly #hub: MemoryHub;
  readonly #options: NetworkOptions;
  readonly #faults: BlobFaults;
  readonly #judge: Judge;
  readonly #server: BlobServer;
  readonly #fetches = new SharedFetches();
  readonly #seen = new Set<Copy>();
  #bytesSent = 0;
  #bytesReceived = 0;
  #stopped = false;

  constructor(hub: MemoryHub, options: NetworkOptions, faults: BlobFaults) {
    this.self = addressOfPrivateKey(options.privateKey);
    // No clock in the twin: each admission is asked anew.
    this.gate = new Gate(
      (operator) => options.isRegistered(operator),
      () => Infinity,
    );
    this.#hub = hub;
    this.#options = options;
    this.#faults = faults;
    this.#judge = new Judge((message, from) => options.onMessage(message, from));
    this.#server = new BlobServer(options.blobs);
  }

  get topic(): string {
    return this.#options.topic;
  }

  contacts(): readonly string[] {
    return [SCHEME + this.self];
  }

  async connect(contacts: readonly string[]): Promise<void> {
    this.#checkOpen();
    const [contact] = contacts;
    if (contacts.length !== 1 || !contact?.startsWith(SCHEME)) {
      throw new PacelineError("bad-argument", `cannot use the contacts ${contacts.join(", ")}: expected ${SCHEME}0x…`);
    }
    const operator = contact.slice(SCHEME.length) as Address;
    if (!(await this.gate.admits(operator)))
      throw new PacelineError("not-registered", `${operator} is not registered`, { operator });
    const other = this.#hub.member(operator);
    if (other === undefined || other === this || other.topic !== this.topic) {
      throw new PacelineError("timeout", `cannot connect to ${operator}`, { operator });
    }
    if (!(await other.gate.admits(this.self))) {
      throw new PacelineError(
        "not-registered",
        `${operator} refused the connection: is this peer's operator registered?`,
        { operator },
      );
    }
    this.#checkOpen();
    if (this.#hub.member(operator) !== other)
      throw new PacelineError("timeout", `cannot connect to ${operator}`, { operator });
    this.neighbours.add(operator);
    other.neighbours.add(this.self);
  }

  peers(): readonly Address[] {
    return [...this.neighbours].sort();
  }

  async publish(message: Uint8Array): Promise<void> {
    this.#checkOpen();
    if (message.length === 0 || message.length > MAX_MESSAGE_BYTES) {
      throw new PacelineError("bad-argument", `a message has 1 to ${MAX_MESSAGE_BYTES} bytes, got ${message.length}`);
    }
    const copy: Copy = { message: message.slice() };
    this.#judge.publishedHere(copy.message);
    this.#markSeen(copy);
    this.#spread(copy, undefined);
  }

  async fetchBlob(shape: BlobShape, holders: readonly Address[], signal: AbortSignal): Promise<Uint8Array> {
    this.#checkOpen();
    checkShape(shape, this.#options.maxBlobBytes);
    const key = `${shape.root} ${shape.leafBytes} ${shape.leafCount}`;
    const connected = holders
      .filter((operator) => this.neighbours.has(operator))
      .map((operator) => this.#holder(operator));
    return this.#fetches.fetch(key, (stop) => fetchVerified(shape, connected, stop), signal);
  }

  counters(): NetworkCounters {
    return { bytesSent: this.#bytesSent, bytesReceived: this.#bytesReceived, messagesReceived: this.#judge.received };
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#fetches.stopAll();
    this.#hub.leave(this.self);
    this.neighbours.clear();
  }

  /** A neighbour delivers a message. */
  deliver(copy: Copy, from: Address): void {
    if (this.#stopped || this.#seen.has(copy)) return;
    this.#markSeen(copy);
    this.#bytesReceived += copy.message.length;
    void this.#judge.judge(copy.message, from).then((verdict) => {
      if (verdict === "accepted" && !this.#stopped) this.#spread(copy, from);
    });
  }

  /** A neighbour asks for a part of a blob. */
  async serve(request: BlobRequest): Promise<Uint8Array | BlobFault> {
    const fault = this.#faults(request);
    if (fault !== undefined && fault !== "corrupt") return fault;
    const answer = await this.#server.answer(request);
    if (answer === undefined) return "withhold";
    this.#bytesSent += answer.length;
    return fault === undefined ? answer : corrupted(answer);
  }

  #holder(operator: Address): Holder {
    return {
      operator,
      request: async (request, target, signal) => {
        const holder = this.neighbours.has(operator) ? this.#hub.member(operator) : undefined;
        const answer =
          holder === undefined ? "stall" : await inTime(holder.serve(request), this.#options.chunkTimeoutMs, signal);
        if (answer === "stall" || !this.neighbours.has(operator))
          throw new PacelineError("timeout", `${operator} does not answer`);
        if (typeof answer === "string") return false;
        if (answer.length !== target.length)
          throw new PacelineError("bad-message", `a blob answer of ${answer.length} bytes instead of ${target.length}`);
        target.set(answer);
        this.#bytesReceived += answer.length;
        return true;
      },
    };
  }

  #spread(copy: Copy, from: Address | undefined): void {
    for (const neighbour of this.peers()) {
      if (neighbour === from) continue;
      this.#bytesSent += copy.message.length;
      this.#hub.enqueue(() => this.#hub.member(neighbour)?.deliver(copy, this.self));
    }
  }

  #markSeen(copy: Copy): void {
    this.#seen.add(copy);
    if (this.#seen.size > MAX_FORWARDED) this.#seen.delete(this.#seen.values().next().value as Copy);
  }

  #checkOpen(): void {
    if (this.#stopped) throw new PacelineError("closed", "the network is stopped");
  }
}

/** The only clock in the twin, for a blob source that does not answer: "stall" after `timeoutMs`. Throws `closed` when aborted. */
function inTime<T>(answer: Promise<T>, timeoutMs: number, signal: AbortSignal): Promise<T | "stall"> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      action();
    };
    const onAbort = (): void => settle(() => reject(new PacelineError("closed", "the fetch was aborted")));
    const timer = setTimeout(() => settle(() => resolve("stall")), timeoutMs);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) return onAbort();
    answer.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error as Error)),
    );
  });
}

function corrupted(answer: Uint8Array): Uint8Array {
  const copy = answer.slice();
  const middle = copy.length >> 1;
  copy[middle] = (copy[middle] as number) ^ 1;
  return copy;
}
