import type { MultiaddrConnection } from "@libp2p/interface";
import type { Socket } from "node:net";
import { isRelayed } from "./addresses.ts";

/** What libp2p's connections that are no TCP sockets have: everything that goes out or comes in goes through these. */
type Counted = MultiaddrConnection & { onData?(data: { readonly byteLength: number }): void };

/**
 * Bytes on the wire, from the TCP sockets' own counters; libp2p keeps none without a metrics implementation. WebSockets are counted as
 * they hand bytes over; relayed connections are counted with the connection to the relay.
 */
export class Traffic {
  readonly #open = new Set<Socket>();
  #sent = 0;
  #received = 0;

  /** Counts a connection from now until it closes. */
  add(connection: MultiaddrConnection): void {
    const { socket } = connection as MultiaddrConnection & { readonly socket?: Socket };
    if (socket === undefined) return this.#addOther(connection);
    if (this.#open.has(socket)) return;
    this.#open.add(socket);
    socket.once("close", () => {
      if (!this.#open.delete(socket)) return;
      this.#sent += socket.bytesWritten;
      this.#received += socket.bytesRead;
    });
  }

  #addOther(connection: Counted): void {
    if (isRelayed(connection.remoteAddr)) return;
    const send = connection.send.bind(connection);
    connection.send = (data) => {
      this.#sent += data.byteLength;
      return send(data);
    };
    const onData = connection.onData?.bind(connection);
    if (onData === undefined) return;
    connection.onData = (data) => {
      this.#received += data.byteLength;
      onData(data);
    };
  }

  totals(): { readonly bytesSent: number; readonly bytesReceived: number } {
    let bytesSent = this.#sent;
    let bytesReceived = this.#received;
    for (const socket of this.#open) {
      bytesSent += socket.bytesWritten;
      bytesReceived += socket.bytesRead;
    }
    return { bytesSent, bytesReceived };
  }
}
