import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

/** One side of a WebSocket (RFC 6455) that sends and receives short texts. */
export interface TextSocket {
  send(text: string): void;
}

export interface WebSocketServer {
  readonly url: string;
  close(): void;
}

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** @param onText a message of a client */
export async function openWebSocketServer(
  onText: (text: string, socket: TextSocket) => void,
): Promise<WebSocketServer> {
  const streams = new Set<Duplex>();
  const server = createServer().on("upgrade", (request, stream) => {
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${GUID}`).digest("base64");
    stream.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    streams.add(stream);
    const socket: TextSocket = { send: (text) => void stream.write(frameOf(text)) };
    let rest = Buffer.alloc(0);
    stream.on("error", () => undefined);
    stream.on("data", (data: Buffer) => {
      rest = Buffer.concat([rest, data]);
      for (let frame = readFrame(rest); frame !== undefined; frame = readFrame(rest)) {
        rest = rest.subarray(frame.length);
        if (frame.text === undefined) stream.end();
        else onText(frame.text, socket);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      for (const stream of streams) stream.destroy();
      server.close();
    },
  };
}

const TEXT = 0x81; // the last frame of a text
const SHORT = 126;

function frameOf(text: string): Buffer {
  const payload = Buffer.from(text);
  const length = payload.length < SHORT ? [payload.length] : [SHORT, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from([TEXT, ...length]), payload]);
}

/** The first frame, with its length on the wire; a client's is masked. No text: it closes. */
function readFrame(bytes: Buffer): { readonly length: number; readonly text: string | undefined } | undefined {
  if (bytes.length < 2) return undefined;
  const isLong = (bytes[1]! & 0x7f) === SHORT;
  const maskAt = isLong ? 4 : 2;
  if (bytes.length < maskAt) return undefined;
  const size = isLong ? bytes.readUInt16BE(2) : bytes[1]! & 0x7f;
  const length = maskAt + 4 + size;
  if (bytes.length < length) return undefined;
  const mask = bytes.subarray(maskAt, maskAt + 4);
  const payload = Buffer.from(bytes.subarray(maskAt + 4, length).map((byte, index) => byte ^ mask[index % 4]!));
  return { length, text: bytes[0] === TEXT ? payload.toString() : undefined };
}
