import type { Address } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import { addressOfPrivateKey } from "../core/signature.ts";
import { checkShape } from "./blobs/chunks.ts";
import { SYSTEM_CLOCK, type Clock } from "./blobs/clock.ts";
import type { BlobRequest } from "./blobs/frames.ts";
import { JobBlobs } from "./blobs/jobBlobs.ts";
import type { Holder } from "./blobs/source.ts";
import { TransferLimits } from "./blobs/transferLimits.ts";
import { followAlone } from "./followAlone.ts";
import { Gate } from "./gate.ts";
import { Judge } from "./judge.ts";
import {
  MAX_JOBS,
  MAX_MESSAGE_BYTES,
  type BlobShape,
  type Host,
  type HostOptions,
  type Network,
  type NetworkCounters,
  type NetworkOptions,
} from "./network.ts";

/** What a faulty holder does to one request; undefined where it behaves. */
export type BlobFault = "withhold" | "corrupt" | "stall";
export type BlobFaults = (request: BlobRequest) => BlobFault | undefined;

/**
 * Hosts in one hub are peers in one process: the twin of libp2p. The same gate, judge, blob server and verification; no sockets,
 * no clock. Messages are delivered first in, first out, to neighbours by ascending address; an injected stall times out at once.
 */
export class MemoryHub {
  readonly #hosts = new Map<Address, MemoryHost>();
  readonly #deliveries: (() => void)[] = [];
  #delivering = false;

  /** @param faults what this peer does wrong when it serves blobs */
  host(options: HostOptions, faults: BlobFaults = () => undefined): Host {
    const host = new MemoryHost(this, options, faults);
    if (this.#hosts.has(host.self)) throw new PacelineError("bad-argument", `${host.self} is in this hub already`);
    this.#hosts.set(host.self, host);
    return host;
  }

  /** A job on a host of its own. */
  join(options: HostOptions & NetworkOptions, faults?: BlobFaults): Promise<Network> {
    return followAlone(this.host(options, faults), options);
  }

  /** Cuts the connection between two peers, where there is one. */
  disconnect(one: Address, other: Address): void {
    this.#hosts.get(one)?.neighbours.delete(other);
    this.#hosts.get(other)?.neighbours.delete(one);
  }

  member(operator: Address): MemoryHost | undefined {
    return this.#hosts.get(operator);
  }

  leave(operator: Address): void {
    this.#hosts.delete(operator);
    for (const other of this.#hosts.keys()) this.disconnect(operator, other);
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

/** No clock in the twin: nobody is ever overdue. */
const UNHURRIED: Clock = { ...SYSTEM_CLOCK, now: () => 0 };

const SCHEME = "memory:";
/** Which copies of which messages a peer has forwarded. */
const MAX_FORWARDED = 16_384;

/** A message on its way; each publication is an object of its own, which is what de-duplication goes by. */
interface Copy {
  readonly message: Uint8Array;
}

class MemoryHost implements Host {
  readonly limits = new TransferLimits();
  readonly self: Address;
  readonly hub: MemoryHub;
  readonly neighbours = new Set<Address>();
  readonly chunkTimeoutMs: number;
  readonly #jobs = new Map<string, MemoryNetwork>();
  readonly #met = new Set<Address>();
  readonly #faults: BlobFaults;
  bytesSent = 0;
  bytesReceived = 0;
  #stopped = false;

  constructor(hub: MemoryHub, options: HostOptions, faults: BlobFaults) {
    this.self = addressOfPrivateKey(options.privateKey);
    this.hub = hub;
    this.chunkTimeoutMs = options.chunkTimeoutMs;
    this.#faults = faults;
  }

  contacts(): readonly string[] {
    return [SCHEME + this.self];
  }

  async connect(contacts: readonly string[]): Promise<void> {
    await this.reach(contacts);
  }

  /** @returns who is there */
  async reach(contacts: readonly string[]): Promise<MemoryHost> {
    this.#checkOpen();
    const operator = operatorIn(contacts);
    if (!(await this.admits(operator)))
      throw new PacelineError("not-registered", `${operator} is not registered`, { operator });
    const other = this.hub.member(operator);
    if (other === undefined || other === this)
      throw new PacelineError("timeout", `cannot connect to ${operator}`, { operator });
    if (!(await other.admits(this.self))) {
      throw new PacelineError(
        "not-registered",
        `${operator} refused the connection: is this peer's operator registered?`,
        { operator },
      );
    }
    this.#checkOpen();
    if (this.hub.member(operator) !== other)
      throw new PacelineError("timeout", `cannot connect to ${operator}`, { operator });
    this.meet(operator);
    other.meet(this.self);
    return other;
  }

  meet(operator: Address): void {
    this.neighbours.add(operator);
    this.#met.add(operator);
  }

  connected(): readonly Address[] {
    return [...this.neighbours].sort();
  }

  async follow(options: NetworkOptions): Promise<Network> {
    this.#checkOpen();
    const { topic } = options;
    if (this.#jobs.has(topic)) throw new PacelineError("bad-argument", `${topic} is followed already`);
    if (this.#jobs.size >= MAX_JOBS) throw new PacelineError("bad-argument", `a host follows at most ${MAX_JOBS} jobs`);
    const job = new MemoryNetwork(this, options);
    this.#jobs.set(topic, job);
    return job;
  }

  left(job: MemoryNetwork): void {
    this.#jobs.delete(job.topic);
    this.recheck();
  }

  recheck(): void {
    for (const neighbour of this.neighbours) {
      void this.admits(neighbour).then((admitted) => {
        if (!admitted) this.hub.disconnect(this.self, neighbour);
      });
    }
  }

  async admits(operator: Address): Promise<boolean> {
    for (const job of this.#jobs.values()) if (await job.gate.admits(operator)) return true;
    return false;
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const job of [...this.#jobs.values()]) await job.stop();
    this.hub.leave(this.self);
    this.neighbours.clear();
  }

  /** What this host makes of `topic`, where it follows it. */
  job(topic: string): MemoryNetwork | undefined {
    return this.#jobs.get(topic);
  }

  /** Who was a neighbour, and the neighbours of neighbours. */
  locate(
    operators: readonly Address[],
    announced: ReadonlyMap<Address, readonly string[]> = new Map(),
  ): ReadonlyMap<Address, readonly string[]> {
    const published = operators.filter((operator) => announced.get(operator)?.includes(SCHEME + operator) === true);
    const told = [...this.neighbours].flatMap((neighbour) => this.hub.member(neighbour)?.connected() ?? []);
    const known = new Set([...this.#met, ...told, ...published]);
    return new Map(
      operators
        .filter((operator) => operator !== this.self && known.has(operator))
        .map((operator) => [operator, [SCHEME + operator]]),
    );
  }

  /** A neighbour asks for a part of a blob; whichever job holds it serves. */
  async serve(request: BlobRequest): Promise<Uint8Array | BlobFault> {
    const fault = this.#faults(request);
    if (fault !== undefined && fault !== "corrupt") return fault;
    for (const { blobs } of this.#jobs.values()) {
      const answer = await blobs.answer(request);
      if (answer === undefined) continue;
      this.bytesSent += answer.length;
      return fault === undefined ? answer : corrupted(answer);
    }
    return "withhold";
  }

  holder(operator: Address): Holder {
    return {
      operator,
      load: () => 0,
      rate: () => undefined,
      reportWrongBytes: () => undefined,
      request: async (request, target, signal) => {
        const holder = this.neighbours.has(operator) ? this.hub.member(operator) : undefined;
        const answer =
          holder === undefined ? "stall" : await inTime(holder.serve(request), this.chunkTimeoutMs, signal);
        if (answer === "stall" || !this.neighbours.has(operator))
          throw new PacelineError("timeout", `${operator} does not answer`);
        if (typeof answer === "string") return false;
        if (answer.length !== target.length)
          throw new PacelineError("bad-message", `a blob answer of ${answer.length} bytes instead of ${target.length}`);
        target.set(answer);
        this.bytesReceived += answer.length;
        return true;
      },
    };
  }

  #checkOpen(): void {
    if (this.#stopped) throw new PacelineError("closed", "the network is stopped");
  }
}

class MemoryNetwork implements Network {
  readonly gate: Gate;
  readonly blobs: JobBlobs;
  readonly #host: MemoryHost;
  readonly #options: NetworkOptions;
  readonly #judge: Judge;
  readonly #seen = new Set<Copy>();
  #stopped = false;

  constructor(host: MemoryHost, options: NetworkOptions) {
    // No clock in the twin: each admission is asked anew.
    this.gate = new Gate(
      (operator) => options.isRegistered(operator),
      () => Infinity,
    );
    this.blobs = new JobBlobs({ self: host.self, source: options.blobs, limits: host.limits, clock: UNHURRIED });
    this.#host = host;
    this.#options = options;
    this.#judge = new Judge((message, from) => options.onMessage(message, from));
  }

  get self(): Address {
    return this.#host.self;
  }

  get topic(): string {
    return this.#options.topic;
  }

  contacts(): readonly string[] {
    return this.#host.contacts();
  }

  async connect(contacts: readonly string[]): Promise<void> {
    this.#checkOpen();
    const other = await this.#host.reach(contacts);
    this.#checkOpen();
    if (other.job(this.topic) === undefined)
      throw new PacelineError("timeout", `${other.self} does not follow the job`, { operator: other.self });
  }

  peers(): readonly Address[] {
    if (this.#stopped) return [];
    return this.#host.connected().filter((operator) => this.#host.hub.member(operator)?.job(this.topic) !== undefined);
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
    const copy: Copy = { message: message.slice() };
    this.#judge.publishedHere(copy.message);
    this.#markSeen(copy);
    this.#spread(copy, undefined);
  }

  async fetchBlob(shape: BlobShape, holders: readonly Address[], signal: AbortSignal): Promise<Uint8Array> {
    this.#checkOpen();
    checkShape(shape, this.#options.maxBlobBytes);
    const connected = (operators: readonly Address[]): readonly Holder[] =>
      operators
        .filter((operator) => this.#host.neighbours.has(operator))
        .map((operator) => this.#host.holder(operator));
    return this.blobs.fetch(shape, connected(holders), () => connected(this.peers()), signal);
  }

  counters(): NetworkCounters {
    const { bytesSent, bytesReceived } = this.#host;
    return { bytesSent, bytesReceived, messagesReceived: this.#judge.received };
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#host.left(this);
  }

  /** A neighbour delivers a message. */
  deliver(copy: Copy, from: Address): void {
    if (this.#stopped || this.#seen.has(copy)) return;
    this.#markSeen(copy);
    this.#host.bytesReceived += copy.message.length;
    void this.#judge.judge(copy.message, from).then((verdict) => {
      if (verdict === "accepted" && !this.#stopped) this.#spread(copy, from);
    });
  }

  #spread(copy: Copy, from: Address | undefined): void {
    for (const neighbour of this.peers()) {
      if (neighbour === from) continue;
      this.#host.bytesSent += copy.message.length;
      this.#host.hub.enqueue(() => this.#host.hub.member(neighbour)?.job(this.topic)?.deliver(copy, this.self));
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

function operatorIn(contacts: readonly string[]): Address {
  const [contact] = contacts;
  if (contacts.length !== 1 || !contact?.startsWith(SCHEME)) {
    throw new PacelineError("bad-argument", `cannot use the contacts ${contacts.join(", ")}: expected ${SCHEME}0x…`);
  }
  return contact.slice(SCHEME.length) as Address;
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
