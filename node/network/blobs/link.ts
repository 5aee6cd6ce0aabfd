import { PacelineError } from "../../core/errors.ts";
import { SYSTEM_CLOCK, type Clock } from "./clock.ts";
import { decompressedInto, SLOW_LINK } from "./compression.ts";
import { encodeRequest, NOT_HELD, ResponseDecoder, type BlobRequest, type ResponseHeader } from "./frames.ts";
import type { Pipe, PipeEvents } from "./pipe.ts";
import type { Compression } from "./transferSettings.ts";

/** Requests sent ahead of their answers, over all fetches from this peer. */
export const MAX_IN_FLIGHT = 4;
/** Shorter answers tell nothing of the link's rate. */
const MEASURED_BYTES = 64 * 1024;
/** Weight of the newest answer in the rate. */
const NEWEST = 0.3;

export interface LinkOptions {
  /** Opens a stream to the peer; rejects where it cannot. */
  open(events: PipeEvents, signal: AbortSignal): Promise<Pipe>;
  /** Longest wait for one answer from the moment it is the next one due, in milliseconds. */
  readonly chunkTimeoutMs: number;
  /** "auto" unless told. */
  readonly compression?: Compression;
  readonly clock?: Clock;
  /** The peer broke the protocol: whoever owns the connection closes it. */
  onViolation(error: PacelineError): void;
}

interface Asked {
  readonly request: BlobRequest;
  readonly id: number;
  /** Undefined once whoever asked has given up: the answer is skipped. */
  target: Uint8Array | undefined;
  /** Where the answer is collected before it is decompressed. */
  packed?: Uint8Array;
  readonly resolve: (held: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What this peer asks of one other, over one long-lived stream that is opened when first needed and again after it broke.
 * Every answer has its deadline; when it passes, the stream is reset and all that was in flight fails with `timeout`.
 */
export class BlobLink {
  readonly #options: LinkOptions;
  #waiting: Asked[] = [];
  #inFlight: Asked[] = [];
  #pipe: Pipe | undefined;
  #opening = false;
  #decoder: ResponseDecoder | undefined;
  #receiving: Asked | undefined;
  #forgetDeadline: () => void = () => undefined;
  #nextId = 0;
  #begunAt = 0;
  #rate: number | undefined;
  readonly #clock: Clock;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /** Requests that are not answered yet. */
  get load(): number {
    return this.#waiting.length + this.#inFlight.length;
  }

  /** What arrives while an answer does, in bytes a millisecond; undefined before the first long one. */
  get rate(): number | undefined {
    return this.#rate;
  }

  /**
   * Asks for a chunk or for nodes; the answer is written to `target`, whose length it must have.
   * @returns false where the peer does not hold it
   * @throws PacelineError `timeout` when the deadline passed or the stream broke, `bad-message` when the peer broke the protocol,
   *   `closed` when aborted; `target` is not written to after that
   */
  request(request: BlobRequest, target: Uint8Array, signal: AbortSignal): Promise<boolean> {
    return new Promise<boolean>((resolve, reject) => {
      if (signal.aborted) return reject(aborted());
      const settled = (): void => signal.removeEventListener("abort", onAbort);
      const asked: Asked = {
        request,
        id: this.#nextId,
        target,
        resolve: (held) => (settled(), resolve(held)),
        reject: (error) => (settled(), reject(error as Error)),
      };
      this.#nextId = (this.#nextId + 1) >>> 0;
      const onAbort = (): void => this.#giveUp(asked);
      signal.addEventListener("abort", onAbort);
      this.#waiting.push(asked);
      this.#pump();
    });
  }

  close(): void {
    const pending = [...this.#inFlight, ...this.#waiting];
    this.#waiting = [];
    this.#reset(new PacelineError("closed", "the connection is closed"));
    for (const asked of pending) asked.reject(new PacelineError("timeout", "the connection to the holder closed"));
  }

  #giveUp(asked: Asked): void {
    asked.target = undefined;
    this.#waiting = this.#waiting.filter((other) => other !== asked);
    if (this.#receiving === asked) this.#decoder?.discardRest();
    asked.reject(aborted());
  }

  #pump(): void {
    if (this.#waiting.length === 0) return;
    if (this.#pipe === undefined) {
      if (!this.#opening) void this.#open();
      return;
    }
    try {
      while (this.#inFlight.length < MAX_IN_FLIGHT && this.#waiting.length > 0)
        this.#send(this.#pipe, this.#waiting.shift() as Asked);
    } catch {
      this.#broke();
    }
  }

  #send(pipe: Pipe, asked: Asked): void {
    this.#inFlight.push(asked);
    if (this.#inFlight.length === 1) this.#armDeadline();
    pipe.send(encodeRequest(asked.id, { ...asked.request, zstd: this.#wantsCompressed(asked.request) }));
  }

  /** The first answer tells how fast the link is; it stays for as long as the peers do. */
  #wantsCompressed({ kind }: BlobRequest): boolean {
    return kind === "chunk" && this.#options.compression !== "off" && (this.#rate ?? Infinity) < SLOW_LINK;
  }

  async #open(): Promise<void> {
    this.#opening = true;
    const deadline = AbortSignal.timeout(this.#options.chunkTimeoutMs);
    const decoder = new ResponseDecoder({ begin: (header) => this.#begin(header), end: () => this.#end() });
    let pipe: Pipe | undefined;
    let dead = false;
    const isCurrent = (): boolean => pipe !== undefined && this.#pipe === pipe;
    try {
      pipe = await this.#options.open(
        {
          onData: (bytes) => isCurrent() && this.#receive(decoder, bytes),
          onClose: () => ((dead = true), isCurrent() && this.#broke()),
        },
        deadline,
      );
      if (dead) throw new Error("the stream closed");
      this.#pipe = pipe;
      this.#decoder = decoder;
    } catch {
      const unsent = this.#waiting;
      this.#waiting = [];
      for (const asked of unsent) asked.reject(new PacelineError("timeout", "the holder did not open a blob stream"));
    } finally {
      this.#opening = false;
    }
    this.#pump();
  }

  #receive(decoder: ResponseDecoder, bytes: Uint8Array): void {
    try {
      decoder.feed(bytes);
    } catch (error) {
      const violation =
        error instanceof PacelineError ? error : new PacelineError("bad-message", "malformed blob answer", {}, error);
      this.#fail(violation);
      this.#options.onViolation(violation);
    }
  }

  #begin(header: ResponseHeader): Uint8Array | "discard" {
    const asked = this.#inFlight[0];
    if (asked === undefined) throw new PacelineError("bad-message", "a blob answer that nobody asked for");
    if (header.id !== asked.id || header.index !== asked.request.index)
      throw new PacelineError("bad-message", "a blob answer out of turn");
    if (header.length === NOT_HELD) {
      // Not shifted yet: end() does.
      asked.resolve(false);
      asked.target = undefined;
      return "discard";
    }
    this.#requireLength(asked, header);
    this.#receiving = asked;
    this.#begunAt = this.#clock.now();
    if (asked.target === undefined || header.encoding !== "zstd") return asked.target ?? "discard";
    return (asked.packed = new Uint8Array(header.length));
  }

  /** A plain answer has the length that was asked for; a compressed one is shorter, or it would not have been compressed. */
  #requireLength({ request, target }: Asked, { encoding, length }: ResponseHeader): void {
    if (encoding === "zstd" && !this.#wantedCompressed(request))
      throw new PacelineError("bad-message", "a compressed blob answer that was not asked for");
    if (target === undefined) return;
    const fits = encoding === "zstd" ? length < target.length : length === target.length;
    if (!fits) throw new PacelineError("bad-message", `a blob answer of ${length} bytes instead of ${target.length}`);
  }

  #wantedCompressed({ kind }: BlobRequest): boolean {
    return kind === "chunk" && this.#options.compression !== "off";
  }

  #end(): void {
    const asked = this.#inFlight.shift();
    this.#receiving = undefined;
    if (asked?.packed !== undefined) void this.#unpack(asked, asked.packed);
    else if (asked?.target !== undefined) asked.resolve(true);
    this.#measure(asked?.packed?.length ?? asked?.target?.length ?? 0);
    this.#armDeadline();
    this.#pump();
  }

  async #unpack(asked: Asked, packed: Uint8Array): Promise<void> {
    if (asked.target === undefined) return;
    const plain = new Uint8Array(asked.target.length);
    const isWhole = await decompressedInto(packed, plain);
    // Whoever asked may have given up meanwhile, and the place be another's.
    if (isWhole) asked.target?.set(plain);
    if (isWhole) return asked.resolve(true);
    const violation = new PacelineError("bad-message", "a blob answer that does not decompress to what was asked for");
    asked.reject(violation);
    this.#fail(violation);
    this.#options.onViolation(violation);
  }

  #measure(bytes: number): void {
    if (bytes < MEASURED_BYTES) return;
    const rate = bytes / Math.max(0.1, this.#clock.now() - this.#begunAt);
    this.#rate = this.#rate === undefined ? rate : (1 - NEWEST) * this.#rate + NEWEST * rate;
  }

  #armDeadline(): void {
    this.#forgetDeadline();
    if (this.#inFlight.length === 0) return;
    const { chunkTimeoutMs } = this.#options;
    this.#forgetDeadline = this.#clock.after(chunkTimeoutMs, () => {
      this.#fail(new PacelineError("timeout", `the holder sent no chunk within ${chunkTimeoutMs} ms`));
      this.#pump();
    });
  }

  #broke(): void {
    this.#fail(new PacelineError("timeout", "the stream to the holder broke"));
    this.#pump();
  }

  /** Fails what is in flight; what waits goes over a new stream. */
  #fail(error: PacelineError): void {
    const failed = this.#inFlight;
    this.#reset(error);
    for (const asked of failed) asked.reject(error);
  }

  #reset(error: PacelineError): void {
    this.#forgetDeadline();
    const pipe = this.#pipe;
    this.#pipe = undefined;
    this.#decoder = undefined;
    this.#receiving = undefined;
    this.#inFlight = [];
    pipe?.abort(error);
  }
}

function aborted(): PacelineError {
  return new PacelineError("closed", "the fetch was aborted");
}
