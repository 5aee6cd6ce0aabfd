import { TopicValidatorResult } from "@libp2p/gossipsub";
import type { Connection, PeerId } from "@libp2p/interface";
import type { Address } from "../core/bytes.ts";
import { messageOf, PacelineError } from "../core/errors.ts";
import { connectionGater } from "./admission.ts";
import { BlobLinks, MAX_WRITE_BUFFER_BYTES } from "./blobLinks.ts";
import type { Holder } from "./blobs/fetch.ts";
import { BLOB_PROTOCOL, type BlobRequest } from "./blobs/frames.ts";
import { pipeOver } from "./blobs/pipe.ts";
import { serveBlobs } from "./blobs/serve.ts";
import { parseContacts } from "./contacts.ts";
import { FollowedJob, type JobHost } from "./followedJob.ts";
import { TopicJudges, validateWith } from "./gossip.ts";
import { operatorOf } from "./identity.ts";
import { MAX_JOBS, type Host, type Network, type NetworkOptions } from "./network.ts";
import { createNode, type Libp2pOptions } from "./node.ts";
import { PeerScores } from "./peerScores.ts";
import { Identified, type GossipNode } from "./readiness.ts";
import { Traffic } from "./traffic.ts";

/** Jobs left whose last messages are not held against their senders. */
const MAX_LEFT_REMEMBERED = 64;

/** A started host. Throws PacelineError `bad-argument` for a bad key, `bad-input` where it cannot listen. */
export async function createLibp2pHost(options: Libp2pOptions): Promise<Host> {
  const traffic = new Traffic();
  const scores = new PeerScores();
  const jobs = new Map<string, FollowedJob>();
  const dials = new Map<string, { handshaken: boolean }>();
  const admits = async (operator: Address): Promise<boolean> => {
    for (const job of jobs.values()) if (await job.gate.admits(operator)) return true;
    return false;
  };
  const gater = connectionGater(admits, traffic, (peer) => {
    const dial = dials.get(peer.toString());
    if (dial !== undefined) dial.handshaken = true;
  });
  const node = await createNode(options, gater, (peer) => scores.score(peer));
  const host = new Libp2pHost({ node, options, admits, traffic, scores, jobs, dials });
  await host.start();
  return host;
}

interface Parts {
  readonly node: GossipNode;
  readonly options: Libp2pOptions;
  readonly admits: (operator: Address) => Promise<boolean>;
  readonly traffic: Traffic;
  readonly scores: PeerScores;
  /** By topic. */
  readonly jobs: Map<string, FollowedJob>;
  /** Under way, by PeerId. */
  readonly dials: Map<string, { handshaken: boolean }>;
}

class Libp2pHost implements Host, JobHost {
  readonly self: Address;
  readonly node: GossipNode;
  readonly #parts: Parts;
  readonly #links: BlobLinks;
  readonly #identified: Identified;
  readonly #left = new Set<string>();
  #stopped = false;

  constructor(parts: Parts) {
    const { node, options } = parts;
    this.self = operatorOf(node.peerId);
    this.node = node;
    this.#parts = parts;
    this.#identified = new Identified(node);
    this.#links = new BlobLinks({
      node,
      chunkTimeoutMs: options.chunkTimeoutMs,
      onViolation: (peer, error) => this.#hangUp(peer, error),
    });
  }

  async start(): Promise<void> {
    const { scores, options } = this.#parts;
    this.node.services.gossip.topicValidators = new TopicJudges((peer, { topic }) => {
      if (this.#left.has(topic)) return TopicValidatorResult.Ignore;
      scores.reject(peer.toString()); // it was never subscribed to
      return TopicValidatorResult.Reject;
    });
    await this.node.handle(BLOB_PROTOCOL, (stream, connection) => this.#serve(stream, connection), {
      maxInboundStreams: 2,
      maxOutboundStreams: 2,
    });
    this.node.addEventListener("peer:disconnect", ({ detail: peer }) => this.#links.forget(operatorOf(peer)));
    try {
      await this.node.start();
    } catch (error) {
      throw new PacelineError(
        "bad-input",
        `cannot listen on ${options.listen.join(", ")}: ${messageOf(error)}`,
        {},
        error,
      );
    }
  }

  contacts(): readonly string[] {
    return this.node.getMultiaddrs().map((address) => address.toString());
  }

  async connect(contacts: readonly string[]): Promise<void> {
    await this.reach(contacts, (peer, signal) => this.#identified.when(peer, signal));
  }

  connected(): readonly Address[] {
    if (this.#stopped) return [];
    return [...new Set(this.node.getPeers().map(operatorOf))].sort();
  }

  async follow(options: NetworkOptions): Promise<Network> {
    this.#checkOpen();
    const { jobs, scores } = this.#parts;
    const { topic } = options;
    if (jobs.has(topic)) throw new PacelineError("bad-argument", `${topic} is followed already`);
    if (jobs.size >= MAX_JOBS) throw new PacelineError("bad-argument", `a host follows at most ${MAX_JOBS} jobs`);
    const job = new FollowedJob(this, options);
    jobs.set(topic, job);
    this.#left.delete(topic);
    const { gossip } = this.node.services;
    gossip.topicValidators.set(
      topic,
      validateWith(job.judge, (peer) => scores.reject(peer.toString())),
    );
    gossip.subscribe(topic);
    return job;
  }

  left(job: FollowedJob): void {
    const { jobs } = this.#parts;
    if (!jobs.delete(job.topic) || this.#stopped) return;
    this.#left.add(job.topic);
    if (this.#left.size > MAX_LEFT_REMEMBERED) this.#left.delete(this.#left.values().next().value as string);
    const { gossip } = this.node.services;
    gossip.unsubscribe(job.topic);
    gossip.topicValidators.delete(job.topic);
    this.recheck();
  }

  async reach(contacts: readonly string[], ready: (peer: PeerId, signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#checkOpen();
    const { admits, dials, options } = this.#parts;
    const { peer, addresses } = parseContacts(contacts);
    const operator = operatorOf(peer);
    if (!(await admits(operator)))
      throw new PacelineError("not-registered", `${operator} is not registered`, { operator });
    const signal = AbortSignal.timeout(options.connectTimeoutMs ?? 10_000);
    const name = peer.toString();
    const dial = { handshaken: false };
    dials.set(name, dial);
    try {
      if (this.node.getConnections(peer).length === 0) await this.node.dial(addresses, { signal });
      await ready(peer, signal);
    } catch (error) {
      this.#checkOpen();
      throw connectError(operator, !signal.aborted && dial.handshaken, error);
    } finally {
      if (dials.get(name) === dial) dials.delete(name);
    }
  }

  holders(wanted: readonly Address[]): readonly Holder[] {
    return this.#links.holders(wanted.filter((operator) => operator !== this.self));
  }

  traffic(): { readonly bytesSent: number; readonly bytesReceived: number } {
    return this.#parts.traffic.totals();
  }

  recheck(): void {
    for (const peer of this.node.getPeers()) {
      void this.#parts.admits(operatorOf(peer)).then((admitted) => {
        if (!admitted) this.#hangUp(peer, new PacelineError("not-registered", "no longer admitted"));
      });
    }
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const job of [...this.#parts.jobs.values()]) await job.stop();
    this.#links.close();
    await this.node.stop();
  }

  #checkOpen(): void {
    if (this.#stopped) throw new PacelineError("closed", "the network is stopped");
  }

  #serve(stream: Parameters<typeof pipeOver>[0], connection: Connection): void {
    stream.maxWriteBufferLength = MAX_WRITE_BUFFER_BYTES;
    serveBlobs(
      (events) => pipeOver(stream, events),
      { answer: (request) => this.#answer(request) },
      (error) => this.#hangUp(connection.remotePeer, error),
    );
  }

  /** From whichever job holds it. */
  async #answer(request: BlobRequest): Promise<Uint8Array | undefined> {
    for (const { server } of this.#parts.jobs.values()) {
      const answer = await server.answer(request);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  #hangUp(peer: PeerId, error: PacelineError): void {
    for (const connection of this.node.getConnections(peer)) connection.abort(error);
  }
}

function connectError(operator: Address, refused: boolean, error: unknown): PacelineError {
  if (!refused)
    return new PacelineError("timeout", `cannot connect to ${operator}: ${messageOf(error)}`, { operator }, error);
  const text = `${operator} refused the connection: is this peer's operator registered, and a member or watcher of the job?`;
  return new PacelineError("not-registered", text, { operator }, error);
}
