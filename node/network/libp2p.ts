import { TopicValidatorResult } from "@libp2p/gossipsub";
import type { Connection, PeerId } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import type { Address } from "../core/bytes.ts";
import { messageOf, PacelineError } from "../core/errors.ts";
import { byPeer, isQuic, parseContacts, type Contacts } from "./addresses.ts";
import { connectionGater } from "./admission.ts";
import { Admissions } from "./admissions.ts";
import { Bans } from "./bans.ts";
import { BlobLinks } from "./blobLinks.ts";
import { BLOB_PROTOCOL } from "./blobs/frames.ts";
import type { Holder } from "./blobs/source.ts";
import { TransferLimits } from "./blobs/transferLimits.ts";
import { FollowedJob, type JobHost } from "./followedJob.ts";
import { TopicJudges, validateWith } from "./gossip.ts";
import { operatorOf } from "./identity.ts";
import { Keeper } from "./keeper.ts";
import { MAX_JOBS, type Host, type Network, type NetworkOptions } from "./network.ts";
import { createNode, quicTransport, type Libp2pOptions, type NodeParts } from "./node.ts";
import { PeerBook } from "./peers/book.ts";
import { Locator } from "./peers/locator.ts";
import { forgetful } from "./peers/peerStore.ts";
import { PeerScores } from "./peerScores.ts";
import { rationOfQuestions } from "./questions.ts";
import { Identified, type GossipNode } from "./readiness.ts";
import { Serving } from "./serving.ts";
import { Traffic } from "./traffic.ts";

/** Jobs left whose last messages are not held against their senders. */
const MAX_LEFT_REMEMBERED = 64;
/** Two peers that dial each other at the same moment have two for a while. */
const MAX_CONNECTIONS_A_PEER = 4;
/** Below gossipsub's graylist, whatever else is known of a peer. */
const STRANGERS_SCORE = -1e6;
/** How often it is looked whether those connected may still be: the registry tells nobody when an operator leaves it. */
const RECHECK_MS = 60_000;

/**
 * A started host. Throws PacelineError `bad-argument` for a bad key or a bad address, `bad-input` where it cannot listen,
 * `unsupported` for QUIC without its package.
 */
export async function createLibp2pHost(options: Libp2pOptions): Promise<Host> {
  const jobs = new Map<string, FollowedJob>();
  const bans = new Bans();
  const admissions = new Admissions(() => jobs.values(), bans);
  const traffic = new Traffic();
  const scores = new PeerScores();
  const strangers = new Set<string>();
  const dials = new Map<string, { handshaken: boolean }>();
  const gater = connectionGater(admissions, traffic, (peer) => {
    const dial = dials.get(peer.toString());
    if (dial !== undefined) dial.handshaken = true;
  });
  const { node, parts } = await createNode(options, gater, (peer) =>
    strangers.has(peer) ? STRANGERS_SCORE : scores.score(peer),
  );
  const book = new PeerBook(options.peerStore ?? forgetful, options.now ?? Date.now);
  await book.load();
  const host = new Libp2pHost({
    node,
    parts,
    options,
    admissions,
    traffic,
    scores,
    bans,
    strangers,
    jobs,
    dials,
    book,
  });
  await host.start();
  return host;
}

interface Parts {
  readonly node: GossipNode;
  readonly parts: NodeParts;
  readonly options: Libp2pOptions;
  readonly admissions: Admissions;
  readonly traffic: Traffic;
  readonly scores: PeerScores;
  readonly bans: Bans;
  /** Connected, by PeerId. */
  readonly strangers: Set<string>;
  /** By topic. */
  readonly jobs: Map<string, FollowedJob>;
  /** Under way, by PeerId. */
  readonly dials: Map<string, { handshaken: boolean }>;
  readonly book: PeerBook;
}

class Libp2pHost implements Host, JobHost {
  readonly self: Address;
  readonly node: GossipNode;
  readonly limits: TransferLimits;
  readonly mayAsk: () => boolean;
  readonly #parts: Parts;
  readonly #links: BlobLinks;
  readonly #identified: Identified;
  readonly #locator: Locator;
  readonly #keeper: Keeper;
  readonly #serving: Serving;
  /** Bootstrap peers and relays. */
  readonly #named: readonly string[];
  readonly #left = new Set<string>();
  #speaksQuic: boolean;
  #lan: { stop(): Promise<void> } | undefined;
  #recheck: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: Parts) {
    const { node, options, admissions, book } = parts;
    const { random = Math.random, now = Date.now } = options;
    const onViolation = (peer: PeerId, error: PacelineError): void => {
      this.#reject(peer);
      this.#hangUp(peer, error);
    };
    this.self = operatorOf(node.peerId);
    this.node = node;
    this.#parts = parts;
    this.mayAsk = rationOfQuestions(now);
    this.#speaksQuic = options.listen.some((address) => isQuic(multiaddr(address)));
    this.#identified = new Identified(node);
    this.limits = new TransferLimits(options.transfers);
    this.#links = new BlobLinks({
      node,
      compression: this.limits.compression,
      chunkTimeoutMs: options.chunkTimeoutMs,
      onViolation,
      onWrongBytes: (peer) => this.#reject(peer),
    });
    this.#locator = new Locator({
      node,
      book,
      isMember: (operator) => admissions.isMember(operator),
      onViolation,
      own: () => this.contacts(),
      now,
      random,
    });
    this.#serving = new Serving({ jobs: () => parts.jobs.values(), admissions, limits: this.limits, onViolation });
    const { bootstrap = [], relays = [] } = options;
    this.#named = relays === "any" ? bootstrap : [...bootstrap, ...relays];
    this.#keeper = new Keeper({
      wanted: () => this.#missing(),
      connect: (contacts) => this.connect(contacts),
      now: () => performance.now(),
      random,
    });
  }

  async start(): Promise<void> {
    const { options, parts } = this.#parts;
    byPeer(this.#named);
    this.node.services.gossip.topicValidators = new TopicJudges((peer, { topic }) => {
      if (this.#left.has(topic)) return TopicValidatorResult.Ignore;
      this.#reject(peer); // it was never subscribed to
      return TopicValidatorResult.Reject;
    });
    await this.node.handle(BLOB_PROTOCOL, (stream, connection) => this.#serving.serve(stream, connection), {
      maxInboundStreams: 2,
      maxOutboundStreams: 2,
      runOnLimitedConnection: true,
    });
    await this.#locator.start();
    this.node.addEventListener("connection:open", ({ detail }) => this.#opened(detail));
    this.node.addEventListener("connection:close", ({ detail }) => this.#closed(detail));
    this.node.addEventListener("peer:disconnect", ({ detail: peer }) => this.#forget(peer));
    try {
      await this.node.start();
    } catch (error) {
      const problem = `cannot listen on ${options.listen.join(", ")}: ${messageOf(error)}`;
      throw new PacelineError("bad-input", problem, {}, error);
    }
    if (options.mdns === true)
      this.#lan = await (
        await import("./lan.ts")
      ).listenOnLan(parts, (peer, addresses) => void this.#heard(peer, addresses));
    this.#standByAddresses();
    this.#recheck = setInterval(() => {
      this.recheck();
      this.#standByAddresses();
    }, RECHECK_MS);
    this.#recheck.unref();
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
    const { jobs } = this.#parts;
    const { topic } = options;
    if (jobs.has(topic)) throw new PacelineError("bad-argument", `${topic} is followed already`);
    if (jobs.size >= MAX_JOBS) throw new PacelineError("bad-argument", `a host follows at most ${MAX_JOBS} jobs`);
    const job = new FollowedJob(this, options);
    jobs.set(topic, job);
    this.#left.delete(topic);
    const { gossip } = this.node.services;
    gossip.topicValidators.set(
      topic,
      validateWith(job.judge, (peer) => this.#reject(peer)),
    );
    gossip.subscribe(topic);
    this.#keeper.start();
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
    const { admissions, dials, options, book } = this.#parts;
    const { peer, addresses } = await this.#dialable(parseContacts(contacts));
    const operator = operatorOf(peer);
    if (!(await admissions.isMember(operator, "ours")))
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
      book.failed(operator);
      throw connectError(operator, !signal.aborted && dial.handshaken, error);
    } finally {
      if (dials.get(name) === dial) dials.delete(name);
    }
  }

  locate(
    operators: readonly Address[],
    announced: ReadonlyMap<Address, readonly string[]> = new Map(),
  ): Promise<ReadonlyMap<Address, readonly string[]>> {
    return this.#locator.locate(
      operators.filter((operator) => operator !== this.self),
      announced,
    );
  }

  holders(wanted: readonly Address[]): readonly Holder[] {
    return this.#links.holders(wanted.filter((operator) => operator !== this.self));
  }

  traffic(): { readonly bytesSent: number; readonly bytesReceived: number } {
    return this.#parts.traffic.totals();
  }

  recheck(): void {
    for (const peer of this.node.getPeers()) void this.#recheckOne(peer);
  }

  async #recheckOne(peer: PeerId): Promise<void> {
    if (await this.#parts.admissions.isUnchanged(operatorOf(peer))) return;
    this.#hangUp(peer, new PacelineError("not-registered", "no longer admitted"));
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#recheck);
    this.#keeper.stop();
    for (const job of [...this.#parts.jobs.values()]) await job.stop();
    this.#links.close();
    await this.#lan?.stop();
    await this.node.stop();
  }

  #checkOpen(): void {
    if (this.#stopped) throw new PacelineError("closed", "the network is stopped");
  }

  /** Loads QUIC when it is first dialled; without its package, the other addresses have to do. */
  async #dialable({ peer, addresses }: Contacts): Promise<Contacts> {
    if (this.#speaksQuic || !addresses.some(isQuic)) return { peer, addresses };
    try {
      const transport = await quicTransport();
      const { transportManager } = this.#parts.parts;
      if (!this.#speaksQuic) transportManager.add(transport(this.#parts.parts));
      this.#speaksQuic = true;
      return { peer, addresses };
    } catch (error) {
      const others = addresses.filter((address) => !isQuic(address));
      if (others.length === 0) throw error;
      return { peer, addresses: others };
    }
  }

  /** libp2p keeps a public address to itself until somebody has dialled it back. Whoever listens behind NAT says so by `announce`. */
  #standByAddresses(): void {
    const { transportManager, addressManager } = this.#parts.parts;
    for (const address of transportManager.getAddrs())
      addressManager.confirmObservedAddr(address, { type: "transport" });
  }

  #missing(): readonly (readonly string[])[] {
    const all = [...this.#named, ...[...this.#parts.jobs.values()].flatMap(({ bootstrap }) => bootstrap)];
    return byPeer([...new Set(all)]).filter((contacts) => {
      const { peer } = parseContacts(contacts);
      return !peer.equals(this.node.peerId) && this.node.getConnections(peer).length === 0;
    });
  }

  isStranger(operator: Address): boolean {
    return this.#parts.admissions.isStranger(operator);
  }

  #opened(connection: Connection): void {
    const { remotePeer: peer, direction, remoteAddr } = connection;
    const { admissions, strangers, book } = this.#parts;
    if (connection.status !== "open") return; // libp2p forgets it too, and tells nobody that it has closed
    if (this.node.getConnections(peer).length > MAX_CONNECTIONS_A_PEER) {
      connection.abort(new PacelineError("bad-message", "too many connections"));
      return;
    }
    const operator = operatorOf(peer);
    if (!admissions.entered(operator)) {
      connection.abort(new PacelineError("not-registered", "too many strangers"));
      return;
    }
    if (admissions.isStranger(operator)) strangers.add(peer.toString());
    else book.reached(operator, direction === "outbound" ? remoteAddr.toString() : undefined);
    void this.#recheckOne(peer); // what held in the handshake may hold no more
  }

  /** A relayed connection closes when a direct one has been made; what ran over it goes on over that one. */
  #closed({ remotePeer: peer }: Connection): void {
    if (this.#stopped) return;
    const [rest] = this.node.getConnections(peer).filter(({ status }) => status === "open");
    if (rest === undefined) return;
    const { gossip } = this.node.services;
    for (const topology of gossip.protocols.flatMap((name) => this.#parts.parts.registrar.getTopologies(name)))
      topology.onConnect?.(peer, rest);
  }

  #forget(peer: PeerId): void {
    const operator = operatorOf(peer);
    this.#links.forget(operator);
    this.#parts.admissions.left(operator);
    if (this.#parts.strangers.delete(peer.toString())) void this.node.peerStore.delete(peer).catch(() => undefined);
  }

  async #heard(peer: PeerId, addresses: readonly string[]): Promise<void> {
    try {
      const operator = operatorOf(peer);
      if (operator !== this.self && (await this.#parts.admissions.isMember(operator)))
        this.#parts.book.heard(operator, addresses);
    } catch {
      // Another kind of peer on this network.
    }
  }

  /** Holds something against a peer; one that goes on so is kept out for a while. */
  #reject(peer: PeerId): void {
    const { scores, bans } = this.#parts;
    if (!scores.reject(peer.toString())) return;
    bans.ban(operatorOf(peer));
    this.#hangUp(peer, new PacelineError("bad-message", "too many messages that no honest peer sends"));
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
