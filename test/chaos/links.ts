import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** What a link does to the bytes of one direction. */
export type LinkState = "open" | "cut" | LossyLine;

/** A line that delays and loses, as TCP over it looks from above: nothing is missing and nothing overtakes, it comes late. */
export interface LossyLine {
  readonly delayMs: number;
  /** Probability that a segment is lost, each time that it is sent. */
  readonly loss: number;
  /** Probability that a bit of a piece is wrong when it comes, as no TCP lets happen but a hostile middle may. */
  readonly garbled?: number;
  /** Uniform in 0 … 1. */
  readonly uniform: () => number;
}

/** Bytes of a TCP segment over Ethernet. */
const SEGMENT_BYTES = 1448;
/** Linux's least retransmission timeout; doubled at each further loss (RFC 6298). */
const RETRANSMIT_MS = 200;
const MAX_RETRANSMISSIONS = 6;

/** When the last of the segments of a piece is there, in milliseconds from its sending. */
export function lateness(bytes: number, { delayMs, loss, uniform }: LossyLine): number {
  let latest = 0;
  for (let segment = 0; segment < Math.ceil(bytes / SEGMENT_BYTES); segment++) {
    let wait = 0;
    for (let lost = 0; lost < MAX_RETRANSMISSIONS && uniform() < loss; lost++) wait += RETRANSMIT_MS * 2 ** lost;
    latest = Math.max(latest, wait);
  }
  return delayMs + latest;
}

/** With one bit flipped, or as it was. */
function garble(piece: Buffer, { garbled = 0, uniform }: LossyLine): Buffer {
  if (garbled === 0 || uniform() >= garbled) return piece;
  const wrong = Buffer.from(piece);
  const at = Math.floor(uniform() * wrong.length);
  wrong[at] = wrong[at]! ^ (1 << Math.floor(uniform() * 8));
  return wrong;
}

interface Pair {
  readonly from: number;
  readonly to: number;
  readonly sockets: readonly [Socket, Socket];
}

/**
 * Every connection between the daemons of one machine, in the hands of a test. Each daemon announces its link's address, and
 * dials from a loopback address of its own (preload/source.ts), so that a link knows both ends.
 */
export class Links {
  readonly #servers: readonly Server[];
  readonly #pairs = new Set<Pair>();
  #stateOf: (from: number, to: number) => LinkState = () => "open";

  private constructor(servers: readonly Server[]) {
    this.#servers = servers;
  }

  /** @param ports that the daemons listen on, by member */
  static async open(ports: readonly number[]): Promise<Links> {
    const servers = ports.map(() => createServer({ pauseOnConnect: true }));
    const links = new Links(servers);
    servers.forEach((server, to) =>
      server.on("connection", (socket) => links.#accept(socket, to, ports[to] as number)),
    );
    await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))));
    return links;
  }

  /** The address that a member's daemon dials from. */
  static sourceOf(member: number): string {
    return `127.0.1.${member + 1}`;
  }

  /** Where others reach a member. */
  portOf(member: number): number {
    return (this.#servers[member]!.address() as AddressInfo).port;
  }

  /** From now on; a connection that is open breaks where it is cut. */
  set(stateOf: (from: number, to: number) => LinkState): void {
    this.#stateOf = stateOf;
    for (const { from, to, sockets } of this.#pairs) {
      if (stateOf(from, to) === "cut") for (const socket of sockets) socket.resetAndDestroy();
    }
  }

  close(): void {
    this.set(() => "cut");
    for (const server of this.#servers) server.close();
  }

  #accept(inbound: Socket, to: number, port: number): void {
    const from = Number(inbound.remoteAddress?.split(".")[3]) - 1;
    if (this.#stateOf(from, to) === "cut") {
      inbound.resetAndDestroy();
      return;
    }
    const outbound = connect({ port, host: "127.0.0.1", noDelay: true });
    inbound.setNoDelay(true);
    const pair: Pair = { from, to, sockets: [inbound, outbound] };
    this.#pairs.add(pair);
    for (const socket of pair.sockets) {
      socket.on("error", () => undefined); // the other side sees it as closed
      socket.once("close", () => {
        this.#pairs.delete(pair);
        for (const each of pair.sockets) each.destroy();
      });
    }
    this.#carry(inbound, outbound, () => this.#stateOf(from, to));
    this.#carry(outbound, inbound, () => this.#stateOf(to, from));
  }

  #carry(source: Socket, target: Socket, state: () => LinkState): void {
    const waiting: { readonly due: number; readonly piece: Buffer | "end" }[] = [];
    let timer: NodeJS.Timeout | undefined;
    /** Writes what is due, in the order of its sending. */
    const flush = (): void => {
      timer = undefined;
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        const wait = next.due - performance.now();
        if (wait > 0) {
          timer = setTimeout(flush, Math.ceil(wait));
          return;
        }
        waiting.shift();
        if (next.piece === "end") target.end();
        else if (target.writable) target.write(next.piece);
      }
    };
    const send = (sent: Buffer | "end"): void => {
      const line = state();
      const isLossy = typeof line !== "string" && sent !== "end";
      const late = isLossy ? lateness(sent.length, line) : 0;
      const piece = isLossy ? garble(sent, line) : sent;
      // Nothing overtakes what was sent before it.
      waiting.push({ due: Math.max(performance.now() + late, waiting.at(-1)?.due ?? 0), piece });
      if (timer === undefined) flush();
    };
    source.on("data", send);
    source.once("end", () => send("end"));
    source.resume();
  }
}
