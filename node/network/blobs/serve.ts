import type { Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { SYSTEM_CLOCK, type Clock } from "./clock.ts";
import { encodeResponseHeader, NOT_HELD, RequestDecoder, type BlobRequest } from "./frames.ts";
import type { Pipe, PipeEvents } from "./pipe.ts";
import type { TransferLimits } from "./transferLimits.ts";

/** Requests a peer may have waiting; ours asks for at most `MAX_IN_FLIGHT` (link.ts). */
const MAX_WAITING = 16;
/** The next answer is read when no more than this is left to send of the last. */
const LOW_MARK_BYTES = 256 * 1024;
/** A peer that does not take an answer in this time is hung up on: ours gives up far sooner, and closes its stream. */
const STALLED_MS = 60_000;
/** A reason of our own: without one, abort() makes a DOMException with its stack. */
const CLOSED = "closed";
/** Shorter answers are not worth compressing. */
const MIN_COMPRESSED_BYTES = 4 * 1024;

/** Whom an inbound stream is from, and what it is served from. */
export interface Served {
  readonly peer: Address;
  /** Whether it is served at the strangers' rate. */
  isStranger(): boolean;
  readonly limits: TransferLimits;
  readonly clock?: Clock;
  answer(request: BlobRequest): Promise<Uint8Array | undefined>;
}

/**
 * Serves one inbound stream: answers in the order of the requests, one at a time, and reads no further ahead than the peer takes.
 * @param onViolation called when the peer breaks the protocol, or does not take what it asked for
 */
export function serveBlobs(
  open: (events: PipeEvents) => Pipe,
  served: Served,
  onViolation: (error: PacelineError) => void,
): void {
  const decoder = new RequestDecoder();
  const waiting: { readonly id: number; readonly request: BlobRequest }[] = [];
  const closed = new AbortController();
  let answering = false;

  const answerNext = async ({ id, request }: (typeof waiting)[number]): Promise<void> => {
    const { peer, limits } = served;
    const isStranger = served.isStranger();
    const taken = await limits.answer(peer, isStranger, closed.signal);
    try {
      const plain = await served.answer(request);
      const packed = await packedFor(request, plain, limits);
      const payload = packed ?? plain;
      if (payload !== undefined) await limits.upload(peer, isStranger, payload.length, closed.signal);
      if (closed.signal.aborted) return;
      const length = payload?.length ?? NOT_HELD;
      const encoding = packed === undefined ? "plain" : "zstd";
      pipe.send(encodeResponseHeader({ id, index: request.index, length, encoding }));
      if (payload !== undefined) pipe.send(payload);
      await drainedInTime(pipe, served.clock ?? SYSTEM_CLOCK, onViolation);
    } finally {
      taken();
    }
  };
  const answerAll = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !closed.signal.aborted; next = waiting.shift())
      await answerNext(next);
    answering = false;
  };
  const start = (): void => {
    if (answering) return;
    answering = true;
    answerAll().catch((error: unknown) => pipe.abort(error as Error)); // the pipe is closed: nothing is left to answer
  };
  const pipe = open({
    onData(bytes) {
      try {
        for (const asked of decoder.feed(bytes)) waiting.push(asked);
        if (waiting.length > MAX_WAITING)
          throw new PacelineError("bad-message", `more than ${MAX_WAITING} blob requests at a time`);
      } catch (error) {
        onViolation(error as PacelineError);
        return;
      }
      start();
    },
    onClose() {
      closed.abort(CLOSED);
      waiting.length = 0;
    },
  });
}

function packedFor(
  { kind, root, zstd }: BlobRequest,
  plain: Uint8Array | undefined,
  { compression, compressor }: TransferLimits,
): Promise<Uint8Array | undefined> {
  const isWorthATry = plain !== undefined && kind === "chunk" && zstd === true && plain.length >= MIN_COMPRESSED_BYTES;
  return isWorthATry && compression !== "off" ? compressor.compressed(root, plain) : Promise.resolve(undefined);
}

async function drainedInTime(pipe: Pipe, clock: Clock, onStalled: (error: PacelineError) => void): Promise<void> {
  if (pipe.queued() <= LOW_MARK_BYTES) return;
  const forget = clock.after(STALLED_MS, () => {
    const error = new PacelineError("timeout", "the peer does not take what it asked for");
    pipe.abort(error);
    onStalled(error);
  });
  try {
    await pipe.drained(LOW_MARK_BYTES);
  } finally {
    forget();
  }
}
