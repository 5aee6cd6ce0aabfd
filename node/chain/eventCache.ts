import { PacelineError } from "../core/errors.ts";
import { readBlockAt, readConfirmed } from "./blocks.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Head } from "./endpoints/head.ts";

/** An event, and the block that it is in. */
export interface PlacedEvent<Event> {
  readonly block: number;
  readonly event: Event;
}

export interface EventSource<Event> {
  readonly endpoint: Endpoint;
  /** No event is in an earlier block. */
  readonly fromBlock: number;
  /** The events of these blocks, both included, oldest first. */
  readonly read: (fromBlock: number, toBlock: number) => Promise<readonly PlacedEvent<Event>[]>;
  /** The round that the event begins; undefined for others. */
  readonly roundDrawn: (event: Event) => number | undefined;
}

/** Blocks of one request. Endpoints that permit fewer say so, and are asked for parts. */
const PAGE_BLOCKS = 20_000;
/** Of the first look back; each next one is as much longer. */
const FIRST_LOOK = 1_000;
const LOOK_GROWTH = 4;
/** Rounds that are kept; older ones are read again when somebody asks. */
const KEPT_ROUNDS = 512;
/** Blocks whose hashes tell later how far a reorganisation went. */
const KEPT_MARKS = 32;

/**
 * A job's events up to the newest confirmed block. Read backwards as far as somebody asks, then forwards as blocks come; what a
 * reorganisation takes back is dropped, which the hashes of the blocks show that were newest when it was read.
 */
export class EventCache<Event> {
  readonly #source: EventSource<Event>;
  /** Whole blocks from `#from` to the newest mark, oldest first. */
  #events: readonly PlacedEvent<Event>[] = [];
  #from = 0;
  /** Ascending. */
  #marks: readonly Head[] = [];
  #lane: Promise<unknown> = Promise.resolve();

  constructor(source: EventSource<Event>) {
    this.#source = source;
  }

  /** All events from the draw of `fromRound` on, and some before. Throws PacelineError `chain-unreachable`, or viem's errors. */
  since(fromRound: number): Promise<readonly Event[]> {
    const turn = this.#lane.then(async () => {
      await this.#forward();
      await this.#backward(fromRound);
      const events = this.#events.map(({ event }) => event);
      this.#forgetOld();
      return events;
    });
    this.#lane = turn.catch(() => undefined);
    return turn;
  }

  /** From the next question on; one that is under way is answered first. */
  forget(): void {
    this.#lane = this.#lane.then(() => (this.#marks = []));
  }

  async #forward(): Promise<void> {
    const { endpoint, fromBlock } = this.#source;
    const tip = await readConfirmed(endpoint);
    const last = await this.#stillCanonical(tip);
    if (last === undefined) {
      this.#events = [];
      this.#from = Math.max(tip.number + 1, fromBlock);
      this.#marks = [tip];
      return;
    }
    if (tip.number <= last.number) return;
    const newer = await this.#readPages(last.number + 1, tip.number);
    await this.#requireUnchanged(tip);
    this.#events = [...this.#events, ...newer];
    this.#marks = [...this.#marks, tip].slice(-KEPT_MARKS);
  }

  /** Drops what is on another branch than `tip`. @returns the newest block that is known and still counts */
  async #stillCanonical(tip: Head): Promise<Head | undefined> {
    for (;;) {
      const last = this.#marks[this.#marks.length - 1];
      if (last === undefined) return undefined;
      // Who lags cannot tell that a block does not count.
      if (tip.number < last.number) return last;
      const now = tip.number === last.number ? tip : await readBlockAt(this.#source.endpoint, last.number);
      if (now?.hash === last.hash) return last;
      this.#marks = this.#marks.slice(0, -1);
      const before = this.#marks[this.#marks.length - 1]?.number ?? -1;
      this.#events = this.#events.filter(({ block }) => block <= before);
    }
  }

  async #backward(fromRound: number): Promise<void> {
    const { fromBlock, read } = this.#source;
    const before = this.#from;
    for (let blocks = FIRST_LOOK; this.#from > fromBlock && !this.#reaches(fromRound); blocks *= LOOK_GROWTH) {
      const from = Math.max(fromBlock, this.#from - Math.min(blocks, PAGE_BLOCKS));
      const older = await read(from, this.#from - 1);
      this.#events = [...older, ...this.#events];
      this.#from = from;
    }
    if (this.#from < before) await this.#requireUnchanged(this.#marks[this.#marks.length - 1]!);
  }

  /** A reorganisation while events are read mixes those of two branches. */
  async #requireUnchanged(tip: Head): Promise<void> {
    const now = await readBlockAt(this.#source.endpoint, tip.number);
    if (now?.hash === tip.hash) return;
    this.#marks = [];
    throw new PacelineError("chain-unreachable", "the chain was reorganised while its events were read");
  }

  #reaches(fromRound: number): boolean {
    return this.#events.some(({ event }) => (this.#source.roundDrawn(event) ?? Infinity) <= fromRound);
  }

  async #readPages(from: number, to: number): Promise<readonly PlacedEvent<Event>[]> {
    const events: PlacedEvent<Event>[] = [];
    for (let first = from; first <= to; first += PAGE_BLOCKS) {
      events.push(...(await this.#source.read(first, Math.min(to, first + PAGE_BLOCKS - 1))));
    }
    return events;
  }

  #forgetOld(): void {
    const draws = this.#events.filter(({ event }) => this.#source.roundDrawn(event) !== undefined);
    const oldest = draws[draws.length - KEPT_ROUNDS];
    if (oldest === undefined || oldest === draws[0]) return;
    this.#from = oldest.block;
    this.#events = this.#events.filter(({ block }) => block >= oldest.block);
  }
}
