import type { Stream, StreamMessageEvent } from "@libp2p/interface";

/** One duplex stream of bytes to a peer, as the blob protocol needs it. */
export interface Pipe {
  /** Hands bytes over without copying them: the caller must not change them afterwards. Throws when the pipe is closed. */
  send(bytes: Uint8Array): void;
  /** Bytes handed over and not yet taken by the transport. */
  queued(): number;
  /** Resolves when at most `mark` bytes are queued; rejects when the pipe closes. */
  drained(mark: number): Promise<void>;
  abort(reason: Error): void;
}

export interface PipeEvents {
  onData(bytes: Uint8Array): void;
  onClose(): void;
}

/** Wraps a libp2p stream. Attach it at once: what arrives before is buffered by libp2p up to its own limit. */
export function pipeOver(stream: Stream, events: PipeEvents): Pipe {
  stream.addEventListener("message", (event) => {
    for (const piece of pieces(event.data)) {
      if (stream.status !== "open") return; // a frame before this one made us abort it
      events.onData(piece);
    }
  });
  stream.addEventListener("close", () => events.onClose());
  stream.addEventListener("remoteCloseWrite", () => stream.abort(new Error("the peer ended the blob stream")));
  if (stream.status !== "open") queueMicrotask(() => events.onClose());
  return {
    send: (bytes) => void stream.send(bytes),
    queued: () => stream.writeBufferLength,
    drained: (mark) => drained(stream, mark),
    abort: (reason) => stream.abort(reason),
  };
}

function pieces(data: StreamMessageEvent["data"]): Iterable<Uint8Array> {
  return data instanceof Uint8Array ? [data] : data;
}

/** Not `stream.onDrain()`: in @libp2p/utils 7 that resolves at once after its first use. The queue's length is the truth. */
function drained(stream: Stream, mark: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      if (stream.status === "open" && stream.writeBufferLength > mark) return;
      for (const name of ["drain", "idle", "close"] as const) stream.removeEventListener(name, later);
      if (stream.status === "open") resolve();
      else reject(new Error("the blob stream closed"));
    };
    // libp2p takes up the queue in a microtask of its own after "drain".
    const later = (): void => queueMicrotask(settle);
    for (const name of ["drain", "idle", "close"] as const) stream.addEventListener(name, later);
    settle();
  });
}
