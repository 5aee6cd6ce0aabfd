import type { Address } from "../../core/bytes.ts";
import { CHUNK_BYTES } from "../../core/chunks.ts";
import { PacelineError } from "../../core/errors.ts";
import { bitmapBytes } from "./bitmap.ts";
import type { Clock } from "./clock.ts";
import type { BlobRequest } from "./frames.ts";
import { failureOf, type Source } from "./source.ts";
import type { BlobVerifier, ChunkHash } from "./verifier.ts";

/** What a holder is asked for: a chunk by its index, the nodes, or what it has. */
type Piece = number | "nodes" | "have";

interface Ask {
  readonly source: Source;
  readonly piece: Piece;
  readonly startedAt: number;
  readonly stop: AbortController;
  readonly inPlace: boolean;
}

/** After this, in milliseconds, what one holder was asked for is asked of another one that is idle. */
const PATIENCE_MS = 1_000;
/** Or after so many times what the idle one would take for it, where that is longer: on slow links all wait. */
const PATIENCE_FACTOR = 4;
/** How long a holder of a part is left alone before it is asked again what it has, in milliseconds. */
const REST_MS = 250;
/** When nothing has come for so long, in milliseconds, a holder that does not have what is missing is waited for no longer. */
const HOPE_MS = 60_000;
/** A reason of our own: without one, each abort() makes a DOMException with its stack. */
const ENDED = "ended";

/** Chunks that an earlier run has kept, and where those of this one are kept. */
export interface SavedChunks {
  readonly held: readonly number[];
  read(index: number): Promise<Uint8Array | undefined>;
  write(index: number, chunk: Uint8Array): Promise<void>;
}

export type Admit = (peer: Address, bytes: number, signal: AbortSignal) => Promise<void>;

export interface SwarmParts {
  readonly verifier: BlobVerifier;
  readonly sources: readonly Source[];
  readonly clock: Clock;
  readonly hash: ChunkHash;
  readonly admit: Admit;
  readonly saved: SavedChunks | undefined;
  /** The chunk to begin with among equally rare ones, so that peers that fetch at the same time have different ones to give. */
  readonly startAt: number;
}

/** One fetch under way: who is asked for what. */
export class Swarm {
  readonly #parts: SwarmParts;
  readonly #asks = new Set<Ask>();
  /** Chunks that are neither accepted nor in question. */
  readonly #missing: Set<number>;
  readonly #done = Promise.withResolvers<boolean>();
  #resuming = false;
  #over = false;
  #lastProgressAt: number;
  #forgetTimer: () => void = () => undefined;

  constructor(parts: SwarmParts) {
    this.#parts = parts;
    this.#lastProgressAt = parts.clock.now();
    const missing = parts.verifier.missing();
    this.#missing = new Set([...missing.slice(parts.startAt), ...missing.slice(0, parts.startAt)]);
  }

  /** True when the blob is whole; false when nobody is left who could deliver the rest. Throws what `stop` was given. */
  async run(): Promise<boolean> {
    if (!this.#parts.verifier.needsNodes) await this.#resume();
    this.#pump();
    return this.#done.promise;
  }

  stop(error: Error): void {
    this.#end();
    this.#done.reject(error);
    this.#done.promise.catch(() => undefined); // it may be stopped before it runs
  }

  #end(): void {
    this.#over = true;
    this.#forgetTimer();
    for (const { stop } of this.#asks) stop.abort(ENDED);
  }

  /** Asks for all that can be asked for now, and sees whether it is over. */
  #pump(): void {
    if (this.#over || this.#resuming) return;
    if (this.#missing.size === 0 && !this.#parts.verifier.needsNodes) {
      this.#end();
      return this.#done.resolve(true);
    }
    for (let next = this.#next(); next !== undefined; next = this.#next()) void this.#ask(...next);
    if (this.#asks.size === 0 && !this.#parts.sources.some((source) => source.isActive && source.promised)) {
      this.#end();
      return this.#done.resolve(false);
    }
    this.#lookAgain();
  }

  #next(): readonly [Source, Piece] | undefined {
    const idle = this.#ready().filter((source) => source.hasRoom);
    idle.sort((left, right) => loadOf(left) - loadOf(right));
    for (const pick of [this.#newPiece, this.#poll, this.#overduePiece]) {
      for (const source of idle) {
        const piece = pick.call(this, source);
        if (piece !== undefined) return [source, piece];
      }
    }
    return undefined;
  }

  /** Whom to ask: those who were too slow only where there is nobody else. */
  #ready(): readonly Source[] {
    const now = this.#parts.clock.now();
    const active = this.#parts.sources.filter((source) => source.isActive);
    const quick = active.filter((source) => !source.isBenched(now));
    return quick.some((source) => !source.isPartial) ? quick : active;
  }

  /** What nobody was asked for yet: the nodes, then the chunk that the fewest have. */
  #newPiece(source: Source): Piece | undefined {
    if (this.#parts.verifier.needsNodes)
      return source.isKnown && this.#askersOf("nodes").length === 0 ? "nodes" : undefined;
    let rarest: number | undefined;
    let fewest = Infinity;
    for (const chunk of this.#missing) {
      if (!source.has(chunk) || this.#askersOf(chunk).length > 0) continue;
      const holders = this.#parts.sources.filter((other) => other.isActive && other.has(chunk)).length;
      if (holders < fewest) [rarest, fewest] = [chunk, holders];
    }
    return rarest;
  }

  #poll(source: Source): Piece | undefined {
    if (!source.isPartial || source.resting || source.outstanding > 0) return undefined;
    return this.#parts.verifier.chunks > 1 ? "have" : undefined;
  }

  /** What one other was asked for and is long in delivering. */
  #overduePiece(source: Source): Piece | undefined {
    const now = this.#parts.clock.now();
    return this.#helpable(source).find(({ startedAt }) => now - startedAt >= this.#patienceOf(source))?.piece;
  }

  /** Requests to one other that this one could take over, the oldest first. */
  #helpable(source: Source): readonly Ask[] {
    return [...this.#asks].filter(({ piece, source: asked }) => {
      if (piece === "have" || asked === source) return false;
      const canHelp = piece === "nodes" ? source.isKnown : source.has(piece);
      return canHelp && this.#askersOf(piece).length === 1;
    });
  }

  #patienceOf({ holder }: Source): number {
    return Math.max(PATIENCE_MS, (PATIENCE_FACTOR * CHUNK_BYTES) / (holder.rate() ?? Infinity));
  }

  #askersOf(piece: Piece): readonly Ask[] {
    return [...this.#asks].filter((ask) => ask.piece === piece);
  }

  /** Wakes up when the oldest request becomes overdue, where somebody idle might then take it over. */
  #lookAgain(): void {
    this.#forgetTimer();
    const { clock } = this.#parts;
    const now = clock.now();
    let wait = Infinity;
    for (const source of this.#ready()) {
      const [oldest] = source.hasRoom ? this.#helpable(source) : [];
      if (oldest !== undefined) wait = Math.min(wait, this.#patienceOf(source) - (now - oldest.startedAt));
    }
    if (wait < Infinity) this.#forgetTimer = clock.after(Math.max(1, wait), () => this.#pump());
  }

  async #ask(source: Source, piece: Piece): Promise<void> {
    const { clock, admit } = this.#parts;
    const stop = new AbortController();
    const inPlace = typeof piece === "number" && !this.#askersOf(piece).some((ask) => ask.inPlace);
    const ask: Ask = { source, piece, startedAt: clock.now(), stop, inPlace };
    this.#asks.add(ask);
    source.outstanding++;
    const askedAfter = source.misses;
    try {
      const target = this.#targetOf(piece, inPlace);
      await admit(source.holder.operator, target.length, stop.signal);
      const held = await source.holder.request(this.#requestOf(piece), target, stop.signal);
      if (stop.signal.aborted) return;
      if (held) await this.#receive(ask, target);
      else this.#doWithout(source, piece);
    } catch (error) {
      if (!stop.signal.aborted) this.#failed(source, askedAfter, error);
    } finally {
      this.#asks.delete(ask);
      source.outstanding--;
      if (source.isPartial) this.#rest(source);
      this.#pump();
    }
  }

  #targetOf(piece: Piece, inPlace: boolean): Uint8Array {
    const { verifier } = this.#parts;
    if (piece === "nodes") return new Uint8Array(verifier.nodesLength);
    if (piece === "have") return new Uint8Array(bitmapBytes(verifier.chunks));
    const place = verifier.chunk(piece);
    return inPlace ? place : new Uint8Array(place.length);
  }

  #requestOf(piece: Piece): BlobRequest {
    const { root, leafBytes } = this.#parts.verifier.shape;
    return typeof piece === "number"
      ? { kind: "chunk", root, leafBytes, index: piece }
      : { kind: piece, root, leafBytes, index: 0 };
  }

  async #receive({ source, piece }: Ask, bytes: Uint8Array): Promise<void> {
    const { verifier, hash, saved } = this.#parts;
    if (piece === "have") {
      source.tells(bytes);
      return this.#hasMissing(source) ? undefined : this.#loseHope(source);
    }
    if (piece === "nodes") {
      if (!verifier.needsNodes) return;
      if (!verifier.acceptNodes(bytes)) throw new PacelineError("bad-blob", "nodes that do not hash to the root");
      this.#lastProgressAt = this.#parts.clock.now();
      this.#giveUp(piece, source);
      return this.#resume();
    }
    const isNew = this.#missing.has(piece);
    if (!(await verifier.acceptChunk(piece, bytes, hash))) {
      if (this.#missing.has(piece)) throw new PacelineError("bad-blob", `chunk ${piece} does not fit the root`);
      return;
    }
    this.#missing.delete(piece);
    this.#lastProgressAt = this.#parts.clock.now();
    source.delivered();
    this.#giveUp(piece, source);
    if (isNew) await saved?.write(piece, verifier.chunk(piece));
  }

  #doWithout(source: Source, piece: Piece): void {
    source.lacks(typeof piece === "number" ? piece : undefined, this.#parts.verifier.chunks > 1);
    this.#loseHope(source);
  }

  #hasMissing(source: Source): boolean {
    return [...this.#missing].some((chunk) => source.has(chunk));
  }

  /**
   * Bounds how long a holder that answers late, and never with a chunk, keeps the fetch open. Only such an answer ends it: chunks that
   * are long under way, or wait for our own rate, have their deadlines elsewhere.
   */
  #loseHope(source: Source): void {
    if (this.#parts.clock.now() - this.#lastProgressAt >= HOPE_MS) source.failure ??= "timeout";
  }

  /** Whoever else was asked for the same is told to forget it. */
  #giveUp(piece: Piece, by: Source): void {
    for (const ask of this.#askersOf(piece)) {
      if (ask.source === by) continue;
      ask.source.lost(this.#parts.clock.now());
      ask.stop.abort(ENDED);
    }
  }

  #failed(source: Source, askedAfter: number, error: unknown): void {
    try {
      const failure = failureOf(error);
      if (failure === "timeout") return source.missedDeadline(askedAfter);
      source.failure = failure;
      if (failure === "not-found") return;
      for (const ask of this.#asks) if (ask.source === source) ask.stop.abort(ENDED);
      if ((error as PacelineError).code === "bad-blob") source.holder.reportWrongBytes(error as PacelineError);
    } catch (other) {
      this.stop(other as Error);
    }
  }

  #rest(source: Source): void {
    if (this.#over || source.resting) return;
    source.resting = true;
    this.#parts.clock.after(REST_MS, () => {
      source.resting = false;
      this.#pump();
    });
  }

  /** Takes what an earlier run has kept, checked as if it had just come. */
  async #resume(): Promise<void> {
    const { saved, verifier, hash } = this.#parts;
    if (saved === undefined) return;
    this.#resuming = true;
    for (const index of saved.held) {
      if (this.#over) break;
      const chunk = await saved.read(index).catch(() => undefined);
      if (chunk?.length === verifier.chunk(index).length && (await verifier.acceptChunk(index, chunk, hash)))
        this.#missing.delete(index);
    }
    this.#resuming = false;
  }
}

/** Ours are counted at once, the link's when they are on their way. */
function loadOf({ holder, outstanding }: Source): number {
  return Math.max(outstanding, holder.load());
}
