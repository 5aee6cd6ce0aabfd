import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

/** A WebSocket server that answers each message with what a test says, byte for byte. */
export interface SocketServer {
  readonly url: string;
  close(): void;
}

/** RFC 6455, section 1.3. */
const HANDSHAKE = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** @param answer to the message with this JSON-RPC id */
export async function openSocketServer(answer: (id: number) => string): Promise<SocketServer> {
  const server = createServer();
  const sockets = new Set<Duplex>();
  server.on("upgrade", (request, socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    const key = String(request.headers["sec-websocket-key"]);
    const accept = createHash("sha1")
      .update(key + HANDSHAKE)
      .digest("base64");
    const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
    socket.write([...head, `Sec-WebSocket-Accept: ${accept}`, "", ""].join("\r\n"));
    socket.on("error", () => undefined);
    socket.on("data", (frame: Buffer) => {
      const id = /"id":(\d+)/.exec(unmask(frame))?.[1];
      if (id !== undefined && socket.writable) socket.write(textFrame(answer(Number(id))));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** One masked frame of up to 64 KiB, which is all that a short request needs. */
function unmask(frame: Buffer): string {
  const start = (frame[1]! & 0x7f) === 126 ? 4 : 2;
  const mask = frame.subarray(start, start + 4);
  return Buffer.from(frame.subarray(start + 4).map((byte, index) => byte ^ mask[index % 4]!)).toString();
}

function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const size = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...size]), payload]);
}
