import type { Connection, PeerId } from "@libp2p/interface";
import type { Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { plausibleAddresses } from "../addresses.ts";
import { BackOff } from "../backOff.ts";
import { operatorOf } from "../identity.ts";
import type { GossipNode } from "../readiness.ts";
import type { PeerBook } from "./book.ts";
import { answerForRecords, askForRecords } from "./exchange.ts";
import { MAX_ASKED, PEERS_PROTOCOL } from "./frames.ts";
import { openRecord } from "./record.ts";

/** Peers asked at a time. */
const ASKED_PEERS = 3;
/** How soon a peer is asked again; later and later while nobody knows more. */
const ASK_AGAIN_MS = 2_000;
const ASK_AGAIN_AT_LAST_MS = 300_000;
/** Questions that a peer may put, on average, in milliseconds between them, and how many at once. */
const ANSWER_MS = 2_000;
const ANSWER_BURST = 16;

export interface LocatorOptions {
  readonly node: GossipNode;
  readonly book: PeerBook;
  readonly isMember: (operator: Address) => Promise<boolean>;
  /** A peer broke the protocol. */
  readonly onViolation: (peer: PeerId, error: PacelineError) => void;
  /** This host's own addresses. */
  readonly own: () => readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: () => number;
}

/** Finds out where operators are, from the peer book and from peers, and answers peers that want to know. */
export class Locator {
  readonly #options: LocatorOptions;
  readonly #asking: BackOff;
  /** By peer: when its questions so far are paid for. */
  readonly #answered = new Map<string, number>();

  constructor(options: LocatorOptions) {
    this.#options = options;
    const { now, random } = options;
    this.#asking = new BackOff({ firstMs: ASK_AGAIN_MS, lastMs: ASK_AGAIN_AT_LAST_MS, now, random });
  }

  async start(): Promise<void> {
    const { node } = this.#options;
    await node.handle(PEERS_PROTOCOL, (stream, connection) => this.#answer(stream, connection), {
      maxInboundStreams: 2,
      maxOutboundStreams: 2,
      runOnLimitedConnection: true,
    });
    node.addEventListener("peer:identify", ({ detail }) => void this.#learnFrom(detail.peerId));
    node.addEventListener("peer:disconnect", ({ detail }) => {
      this.#answered.delete(detail.toString());
      this.#asking.succeed(detail.toString());
    });
  }

  /** @param announced what they published, which may be anything */
  async locate(
    operators: readonly Address[],
    announced: ReadonlyMap<Address, readonly string[]>,
  ): Promise<ReadonlyMap<Address, readonly string[]>> {
    const { book, own } = this.#options;
    const addressesOf = (operator: Address): readonly string[] =>
      plausibleAddresses(book.addresses(operator, announced.get(operator)), operator, own());
    const unknown = operators.filter((operator) => addressesOf(operator).length === 0 || book.failures(operator) > 1);
    if (unknown.length > 0) await this.#ask(unknown);
    const located = operators.map((operator) => [operator, addressesOf(operator)] as const);
    return new Map(located.filter(([, addresses]) => addresses.length > 0));
  }

  /** Asks a few peers, each within its rate. */
  async #ask(operators: readonly Address[]): Promise<void> {
    const { node, random } = this.#options;
    const peers = node.getPeers().filter((peer) => this.#asking.isDue(peer.toString()));
    const chosen = peers
      .map((peer) => ({ peer, order: random() }))
      .sort((one, other) => one.order - other.order)
      .slice(0, ASKED_PEERS);
    const asked = operators
      .map((operator) => ({ operator, order: random() }))
      .sort((one, other) => one.order - other.order)
      .slice(0, MAX_ASKED)
      .map(({ operator }) => operator);
    await Promise.all(chosen.map(({ peer }) => this.#askOne(peer, asked)));
  }

  async #askOne(peer: PeerId, operators: readonly Address[]): Promise<void> {
    const { node, book, onViolation } = this.#options;
    const name = peer.toString();
    this.#asking.fail(name);
    const [connection] = node.getConnections(peer);
    if (connection === undefined) return;
    try {
      for (const envelope of await askForRecords(connection, operators)) {
        const record = await openRecord(envelope);
        if (!operators.includes(record.operator))
          throw new PacelineError("bad-message", `a record of ${record.operator}, which nobody asked for`);
        if (book.learn(record)) this.#asking.succeed(name);
      }
    } catch (error) {
      // Whoever does not answer, or speaks another version, is no wrongdoer.
      if (error instanceof PacelineError && error.code === "bad-message") onViolation(peer, error);
    }
  }

  async #answer(stream: Parameters<typeof answerForRecords>[0], { remotePeer }: Connection): Promise<void> {
    const { book, isMember, onViolation } = this.#options;
    try {
      if (!(await isMember(operatorOf(remotePeer)))) throw new Error("only members are told");
      if (!this.#mayAsk(remotePeer.toString())) throw new Error("too many questions");
      await answerForRecords(stream, async (operator) =>
        (await isMember(operator)) ? book.envelope(operator) : undefined,
      );
    } catch (error) {
      stream.abort(error as Error);
      if (error instanceof PacelineError && error.code === "bad-message") onViolation(remotePeer, error);
    }
  }

  #mayAsk(peer: string): boolean {
    const now = this.#options.now();
    const paid = Math.max(this.#answered.get(peer) ?? 0, now - ANSWER_MS * ANSWER_BURST) + ANSWER_MS;
    if (paid > now) return false;
    this.#answered.set(peer, paid);
    return true;
  }

  /** A peer has told who it is; libp2p keeps what it signed. */
  async #learnFrom(peer: PeerId): Promise<void> {
    const { node, book, isMember } = this.#options;
    try {
      const { peerRecordEnvelope } = await node.peerStore.get(peer);
      if (peerRecordEnvelope === undefined || !(await isMember(operatorOf(peer)))) return;
      const record = await openRecord(peerRecordEnvelope);
      if (record.operator === operatorOf(peer)) book.learn(record);
    } catch {
      // It has gone again, or signs what is of no use.
    }
  }
}
