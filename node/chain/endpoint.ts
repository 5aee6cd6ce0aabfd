import { createPublicClient, custom, http, type PublicClient } from "viem";
import type { Address, Hex } from "../core/bytes.ts";
import { messageOf, PacelineError } from "../core/errors.ts";
import { createNodeSocket } from "./nodeSocket.ts";

/** A block as its header says. */
export interface Head {
  readonly number: number;
  readonly hash: Hex;
  readonly parentHash: Hex;
  /** Seconds since the epoch. */
  readonly time: number;
}

/** JSON-RPC endpoints of one chain that act as one, shared by every account and watcher of a process. */
export interface Endpoint {
  /** One URL, or several separated by commas. */
  readonly url: string;
  readonly chainId: number;
  readonly client: PublicClient;
  /** Blocks on top of a block before what it says is acted upon; 0 acts on the newest. */
  readonly confirmations: number;
  /** Calls back when there is a new block. @returns stops */
  onBlock(listener: () => void, onError: (error: Error) => void): () => void;
  close(): Promise<void>;
}

/** How often an endpoint without subscriptions is asked for its newest block, in milliseconds. */
const POLLING_MS = 500;

/**
 * Connects to a node.
 * @param url http(s):// is polled; ws(s):// pushes new blocks
 * @param expectedChainId refuses any other chain with `wrong-chain`
 * Throws PacelineError `chain-unreachable` or `bad-input`.
 */
export async function openEndpoint(url: string, expectedChainId?: number): Promise<Endpoint> {
  const scheme = /^(https?|wss?):\/\//.exec(url)?.[1];
  if (scheme === undefined || !URL.canParse(url)) {
    throw new PacelineError(
      "bad-input",
      `${url} is no endpoint: give a URL that starts with http://, https://, ws:// or wss://`,
    );
  }
  const shown = shownUrl(url);
  const socket = scheme.startsWith("ws") ? createNodeSocket(url) : undefined;
  const transport =
    socket === undefined ? http(url, { retryCount: 2, timeout: 30_000 }) : custom(socket, { retryCount: 2 });
  const client = createPublicClient({ transport, pollingInterval: POLLING_MS, cacheTime: 0 });
  const chainId = await client.getChainId().catch((error: unknown) => {
    socket?.close();
    throw new PacelineError(
      "chain-unreachable",
      `no chain answers at ${shown}: start one, or check the URL`,
      { url: shown },
      error,
    );
  });
  if (expectedChainId !== undefined && chainId !== expectedChainId) {
    socket?.close();
    throw new PacelineError(
      "wrong-chain",
      `${shown} serves chain ${chainId}, but chain ${expectedChainId} is expected`,
      {
        chainId,
        expectedChainId,
      },
    );
  }
  const stops = new Set<() => void>();
  return {
    url,
    chainId,
    client,
    confirmations: 0,
    onBlock(onBlock, onError) {
      const tell = (error: Error): void =>
        onError(new PacelineError("chain-unreachable", `${shown}: ${reasonOf(error)}`, { url: shown }, error));
      // viem shares one poll among the watchers of a client.
      const stop =
        socket?.onBlock(onBlock, tell) ??
        client.watchBlockNumber({ emitMissed: false, onBlockNumber: () => onBlock(), onError: tell });
      stops.add(stop);
      return () => {
        stops.delete(stop);
        stop();
      };
    },
    close() {
      for (const stop of stops) stop();
      stops.clear();
      socket?.close();
      return Promise.resolve();
    },
  };
}

/** An endpoint's URL as messages and logs may show it: providers put keys into the path, the query and the user's part. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname, search } = new URL(url);
  return `${protocol}//${host}${pathname === "/" && search === "" ? "" : "/…"}`;
}

/** viem's messages run over several lines and repeat the request; the first line says what happened. */
function reasonOf(error: Error): string {
  return messageOf(error).split("\n")[0] ?? "";
}

/** Throws `wrong-chain` where no contract stands. */
export async function requireContract(endpoint: Endpoint, address: Address, what: string): Promise<void> {
  const code = await endpoint.client.getCode({ address });
  if (code === undefined || code === "0x") {
    throw new PacelineError(
      "wrong-chain",
      `there is no ${what} at ${address} on chain ${endpoint.chainId} (${shownUrl(endpoint.url)}): check the address and the endpoint`,
    );
  }
}
