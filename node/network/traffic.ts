import type { MultiaddrConnection } from "@libp2p/interface";
import type { Socket } from "node:net";

/** Bytes on the wire, from the TCP sockets' own counters; libp2p keeps none without a metrics implementation. */
export class Traffic {
  readonly #open = new Set<Socket>();
  #sent = 0;
  #received = 0;

  /** Counts a connection from now until it closes. */
  add(connection: MultiaddrConnection): void {
    const { socket } = connection as MultiaddrConnection & { readonly socket?: Socket };
    if (socket === undefined || this.#open.has(socket)) return;
    this.#open.add(socket);
    socket.once("close", () => {
      if (!this.#open.delete(socket)) return;
      this.#sent += socket.bytesWritten;
      this.#received += socket.bytesRead;
    });
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
