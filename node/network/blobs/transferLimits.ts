import type { Address } from "../../core/bytes.ts";
import { SYSTEM_CLOCK, type Clock } from "./clock.ts";
import { Compressor } from "./compression.ts";
import { PeerSlots } from "./peerSlots.ts";
import { Slots } from "./slots.ts";
import { TokenBucket } from "./tokenBucket.ts";
import type { Compression, Rates, TransferSettings } from "./transferSettings.ts";

/** What all who are not members get together, in bytes a second. */
const STRANGERS_RATE = 4 * 1024 * 1024;
/** What a stranger's request counts for beside its answer, which may be short, or only "not held", and dear all the same. */
const STRANGER_REQUEST_BYTES = 16 * 1024;
/** Answers in memory at a time, a chunk each: read, and not yet taken by their peers. */
const MAX_ANSWERS = 64;
/** Of one member: it asks on one stream, and may have given up two that missed their deadlines while their answers were still read. */
const MAX_PEER_ANSWERS = 3;
/** One for each stranger that a host lets in: a new key costs nothing, so strangers must not wait for each other at all. */
const MAX_STRANGER_ANSWERS = 32;
/** Fetches at a time, and their bytes in memory; others wait. */
const MAX_FETCHES = 64;
const MAX_FETCHED_BYTES = 512 * 1024 * 1024;
/** Peers whose rates are remembered. */
const MAX_PEERS = 512;

/**
 * The bounds that all jobs of a host share. Each peer's stream waits with one answer at a time, and a peer has few of them, so first
 * come, first served is in turn over the peers: whoever asks for more gets no larger share.
 */
export class TransferLimits {
  readonly compression: Compression;
  readonly compressor = new Compressor();
  readonly fetches = new Slots(MAX_FETCHES, MAX_FETCHED_BYTES);
  readonly #answers = new PeerSlots(MAX_ANSWERS, MAX_PEER_ANSWERS);
  readonly #strangerAnswers = new PeerSlots(MAX_STRANGER_ANSWERS, 1);
  readonly #strangers: TokenBucket;
  readonly #upload: PeerRates;
  readonly #download: PeerRates;

  constructor({ upload, download, compression = "auto" }: TransferSettings = {}, clock: Clock = SYSTEM_CLOCK) {
    this.compression = compression;
    this.#strangers = new TokenBucket(STRANGERS_RATE, clock);
    this.#upload = new PeerRates(upload ?? {}, clock);
    this.#download = new PeerRates(download ?? {}, clock);
  }

  /**
   * Before an answer is read; what it returns is called when the peer has taken it.
   * @param signal of the stream that the answer is for: whoever closes it does not wait any more
   */
  async answer(peer: Address, isStranger: boolean, signal: AbortSignal): Promise<() => void> {
    if (!isStranger) return this.#answers.enter(peer, signal);
    const leave = await this.#strangerAnswers.enter(peer, signal);
    try {
      await this.#strangers.take(STRANGER_REQUEST_BYTES, signal);
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }

  async upload(peer: Address, isStranger: boolean, bytes: number, signal: AbortSignal): Promise<void> {
    if (isStranger) await this.#strangers.take(bytes, signal);
    await this.#upload.take(peer, bytes, signal);
  }

  download(peer: Address, bytes: number, signal: AbortSignal): Promise<void> {
    return this.#download.take(peer, bytes, signal);
  }
}

class PeerRates {
  readonly #total: TokenBucket;
  readonly #perPeer: number;
  readonly #peers = new Map<Address, TokenBucket>();
  readonly #clock: Clock;

  constructor({ total = Infinity, perPeer = Infinity }: Rates, clock: Clock) {
    this.#total = new TokenBucket(total, clock);
    this.#perPeer = perPeer;
    this.#clock = clock;
  }

  /** The peer's own rate first: whoever waits for it holds up nobody else. */
  async take(peer: Address, bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#perPeer !== Infinity) await this.#bucketOf(peer).take(bytes, signal);
    await this.#total.take(bytes, signal);
  }

  #bucketOf(peer: Address): TokenBucket {
    const bucket = this.#peers.get(peer) ?? new TokenBucket(this.#perPeer, this.#clock);
    this.#peers.delete(peer);
    this.#peers.set(peer, bucket);
    if (this.#peers.size > MAX_PEERS) this.#peers.delete(this.#peers.keys().next().value as Address);
    return bucket;
  }
}
