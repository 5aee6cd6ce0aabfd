import { PacelineError } from "../../core/errors.ts";
import { encodeResponseHeader, NOT_HELD, RequestDecoder, type BlobRequest } from "./frames.ts";
import type { Pipe, PipeEvents } from "./pipe.ts";

/** Whoever answers requests, as a `BlobServer` does. */
export interface Answerer {
  answer(request: BlobRequest): Promise<Uint8Array | undefined>;
}

/** Requests a peer may have waiting; ours asks for at most `MAX_IN_FLIGHT` (link.ts). */
const MAX_WAITING = 16;
/** The next answer is read when no more than this is left to send of the last. */
const LOW_MARK_BYTES = 256 * 1024;
/** A peer that takes nothing for this long is cut off. */
const STALLED_MS = 60_000;

/**
 * Serves one inbound stream: answers in the order of the requests, one at a time, and reads no further ahead than the peer takes.
 * @param onViolation called once when the peer breaks the protocol
 */
export function serveBlobs(
  open: (events: PipeEvents) => Pipe,
  server: Answerer,
  onViolation: (error: PacelineError) => void,
): void {
  const decoder = new RequestDecoder();
  const waiting: { readonly id: number; readonly request: BlobRequest }[] = [];
  let answering = false;
  let closed = false;

  const answerAll = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !closed; next = waiting.shift()) {
      const payload = await server.answer(next.request);
      if (closed) return;
      pipe.send(encodeResponseHeader({ id: next.id, index: next.request.index, length: payload?.length ?? NOT_HELD }));
      if (payload !== undefined) pipe.send(payload);
      await drainedInTime(pipe);
    }
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
      closed = true;
      waiting.length = 0;
    },
  });
}

async function drainedInTime(pipe: Pipe): Promise<void> {
  if (pipe.queued() <= LOW_MARK_BYTES) return;
  const timer = setTimeout(() => pipe.abort(new PacelineError("timeout", "the peer takes no bytes")), STALLED_MS);
  timer.unref();
  try {
    await pipe.drained(LOW_MARK_BYTES);
  } finally {
    clearTimeout(timer);
  }
}
