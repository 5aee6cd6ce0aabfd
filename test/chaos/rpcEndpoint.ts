import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What an endpoint does with what it is asked. */
export type EndpointState =
  | "serves"
  /** Refuses connections. */
  | "dead"
  /** Accepts, and never answers. */
  | "hangs"
  /** Answers late, with the chain as it was some time ago. */
  | { readonly delayMs: number; readonly behindMs: number };

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params?: readonly unknown[];
}

/** Where a block's number stands among the parameters of a call. */
const BLOCK_AT: Readonly<Record<string, number>> = {
  eth_call: 1,
  eth_getBalance: 1,
  eth_getCode: 1,
  eth_getTransactionCount: 1,
  eth_getBlockByNumber: 0,
};

/** A daemon's own way to a chain, over HTTP, in the hands of a test. */
export class RpcEndpoint {
  readonly #target: string;
  readonly #server: Server;
  #state: EndpointState = "serves";
  /** Newest blocks of the chain, oldest first; the first one is the newest that is old enough to be told. */
  #heads: { readonly at: number; readonly number: number }[] = [];
  #watching: NodeJS.Timeout | undefined;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async open(target: string): Promise<RpcEndpoint> {
    const endpoint = new RpcEndpoint(target);
    await new Promise<void>((resolve) => endpoint.#server.listen(0, "127.0.0.1", resolve));
    return endpoint;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on. What waits for an answer is dropped. */
  set(state: EndpointState): void {
    this.#state = state;
    clearInterval(this.#watching);
    this.#heads = [];
    if (typeof state === "object") this.#watching = setInterval(() => void this.#watch().catch(() => undefined), 200);
    this.#server.closeAllConnections();
  }

  close(): void {
    clearInterval(this.#watching);
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const state = this.#state;
    if (state === "dead") return void request.socket.resetAndDestroy();
    if (state === "hangs") return;
    try {
      const body = JSON.parse(await textOf(request)) as Call | readonly Call[];
      const answer =
        state === "serves" ? await this.#ask(body) : await this.#askLagging(body, state.behindMs, state.delayMs);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    } catch {
      request.socket.destroy(); // the chain is gone, or the daemon hung up
    }
  }

  async #ask(body: unknown): Promise<unknown> {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(this.#target, { method: "POST", headers, body: JSON.stringify(body) });
    return answer.json();
  }

  async #watch(): Promise<number> {
    const { result } = (await this.#ask({ jsonrpc: "2.0", id: 0, method: "eth_blockNumber" })) as { result: string };
    this.#heads.push({ at: performance.now(), number: Number(result) });
    return Number(result);
  }

  async #headAgo(behindMs: number): Promise<number> {
    const until = performance.now() - behindMs;
    while (this.#heads[1] !== undefined && this.#heads[1].at <= until) this.#heads.shift();
    return this.#heads[0]?.number ?? this.#watch();
  }

  async #askLagging(body: Call | readonly Call[], behindMs: number, delayMs: number): Promise<unknown> {
    const head = await this.#headAgo(behindMs);
    const answers = Promise.all([body].flat().map((call) => this.#askAsOf(call as Call, head)));
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    return Array.isArray(body) ? answers : (await answers)[0];
  }

  async #askAsOf(call: Call, head: number): Promise<unknown> {
    if (call.method === "eth_getLogs" && startOf(call) > head) return { jsonrpc: "2.0", id: call.id, result: [] };
    const answer = (await this.#ask(asOf(call, head))) as { result?: { blockNumber?: string } | null };
    if (call.method === "eth_blockNumber") return { ...answer, result: hex(head) };
    const isUnseen = call.method === "eth_getTransactionReceipt" && Number(answer.result?.blockNumber ?? 0) > head;
    return isUnseen ? { ...answer, result: null } : answer;
  }
}

/** The first block of which logs are asked for. */
function startOf({ params }: Call): number {
  const { fromBlock } = (params?.[0] ?? {}) as { readonly fromBlock?: string };
  return /^0x/.test(fromBlock ?? "") ? Number(fromBlock) : 0;
}

function asOf(call: Call, head: number): Call {
  const params = [...(call.params ?? [])];
  if (call.method === "eth_getLogs") {
    const filter = params[0] as { readonly toBlock?: string };
    const toBlock = /^0x/.test(filter.toBlock ?? "") ? Math.min(head, Number(filter.toBlock)) : head;
    return { ...call, params: [{ ...filter, toBlock: hex(toBlock) }] };
  }
  const at = BLOCK_AT[call.method];
  if (at !== undefined && (params[at] === "latest" || params[at] === undefined)) params[at] = hex(head);
  return { ...call, params };
}

const hex = (number: number): string => `0x${number.toString(16)}`;

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}
