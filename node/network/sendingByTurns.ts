import type { Socket } from "node:net";
import type {
  AbortOptions,
  ConnectionProtector,
  MessageStream,
  StreamMuxer,
  StreamMuxerFactory,
} from "@libp2p/interface";
import { Uint8ArrayList } from "uint8arraylist";

/**
 * What a connection is given in one turn of the event loop goes out together: as one noise message, by one system call. By itself
 * libp2p encrypts each frame alone, be it the 12 bytes of a window update, which yamux sends after every frame that it gets, and writes
 * each buffer of a frame alone, be it the two bytes of a noise message's length. In a round of ten that were 18,000 writes for 3,300
 * messages of gossip, and as many pieces for the other ends to read, search for frames and decrypt.
 */

/** From so many bytes on nothing is won by waiting: the length of a noise message. */
const FULL_BYTES = 65_519;

type Connection = Pick<MessageStream, "send" | "status" | "writableNeedsDrain">;

/** A muxer whose frames of a turn are one piece of data to the connection below it. */
export function bundling<Components>(
  create: (components: Components) => StreamMuxerFactory,
): (components: Components) => StreamMuxerFactory {
  return (components) => {
    const factory = create(components);
    const createStreamMuxer = factory.createStreamMuxer.bind(factory);
    return Object.assign(factory, {
      createStreamMuxer(connection: MessageStream) {
        const flush = bundle(connection);
        return flushedAtItsEnd(createStreamMuxer(connection), flush);
      },
    });
  };
}

/** A muxer says goodbye when it ends, and the connection below is closed before the turn is over. */
function flushedAtItsEnd(muxer: StreamMuxer, flush: () => void): StreamMuxer {
  const close = muxer.close.bind(muxer);
  const abort = muxer.abort.bind(muxer);
  return Object.assign(muxer, {
    async close(options?: AbortOptions) {
      await close(options);
      flush();
    },
    abort(error: Error) {
      abort(error);
      flush();
    },
  });
}

/**
 * From now on `connection` sends what it is given together with what else it is given in the same turn.
 * @returns sends what waits
 */
export function bundle(connection: Connection): () => void {
  const send = connection.send.bind(connection);
  let waiting = new Uint8ArrayList();
  let scheduled: NodeJS.Immediate | undefined;

  const flush = (): void => {
    clearImmediate(scheduled);
    scheduled = undefined;
    const data = waiting;
    waiting = new Uint8ArrayList();
    if (data.byteLength === 0 || connection.status !== "open") return;
    try {
      send(data.byteLength < FULL_BYTES ? data.subarray() : data); // many small pieces cost more than their copy
    } catch {
      // What is below has closed meanwhile; the connection has ended itself with that, and says so.
    }
  };
  connection.send = (data) => {
    if (connection.status !== "open") return send(data); // it says what is wrong
    waiting.append(data);
    if (waiting.byteLength >= FULL_BYTES) flush();
    else scheduled ??= setImmediate(flush);
    // Not what `send` answers, which may be later: until it is drained, the next one is told.
    return !connection.writableNeedsDrain;
  };
  return flush;
}

/** It protects nothing, but there libp2p shows a TCP connection before anything is written to it. */
export function corking(): ConnectionProtector {
  return {
    protect(connection) {
      const { socket } = connection as MessageStream & { readonly socket?: Socket };
      if (socket !== undefined) cork(socket);
      return Promise.resolve(connection);
    },
  };
}

/** From now on `socket` writes together what it is given in one turn. Whether it takes more is said as before: what is corked counts. */
export function cork(socket: Pick<Socket, "write" | "cork" | "uncork">): void {
  const write = socket.write.bind(socket) as (chunk: Uint8Array) => boolean;
  let isCorked = false;
  const uncork = (): void => {
    isCorked = false;
    socket.uncork();
  };
  socket.write = (chunk: Uint8Array | string) => {
    if (!isCorked) {
      isCorked = true;
      socket.cork();
      process.nextTick(uncork);
    }
    return write(chunk as Uint8Array);
  };
}
