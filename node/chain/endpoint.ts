import { createPublicClient, http, webSocket, type PublicClient } from "viem";
import type { Address } from "../core/bytes.ts";
import { messageOf, PacelineError } from "../core/errors.ts";

/** A JSON-RPC endpoint, shared by every account and watcher of a process. */
export interface Endpoint {
  readonly url: string;
  readonly chainId: number;
  readonly client: PublicClient;
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
  if (scheme === undefined) {
    throw new PacelineError("bad-input", `${url} is no endpoint: give a URL that starts with http://, https://, ws:// or wss://`);
  }
  const socket = scheme.startsWith("ws");
  const transport = socket ? webSocket(url, { retryCount: 2 }) : http(url, { retryCount: 2, timeout: 30_000 });
  const client = createPublicClient({ transport, pollingInterval: POLLING_MS, cacheTime: 0 });
  const chainId = await client.getChainId().catch((error: unknown) => {
    throw new PacelineError("chain-unreachable", `no chain answers at ${url}: start one, or check the URL`, { url }, error);
  });
  if (expectedChainId !== undefined && chainId !== expectedChainId) {
    await closeClient(client, socket);
    throw new PacelineError("wrong-chain", `${url} serves chain ${chainId}, but chain ${expectedChainId} is expected`, { chainId, expectedChainId });
  }
  const listeners = new Set<{ onBlock: () => void; onError: (error: Error) => void }>();
  let unwatch: (() => void) | undefined;
  const start = (): (() => void) =>
    client.watchBlockNumber({
      emitMissed: false,
      onBlockNumber: () => {
        for (const listener of [...listeners]) listener.onBlock();
      },
      onError: (error) => {
        for (const listener of [...listeners]) listener.onError(new PacelineError("chain-unreachable", messageOf(error), { url }, error));
      },
    });
  return {
    url,
    chainId,
    client,
    onBlock(onBlock, onError) {
      const listener = { onBlock, onError };
      listeners.add(listener);
      unwatch ??= start();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        unwatch?.();
        unwatch = undefined;
      };
    },
    async close() {
      listeners.clear();
      unwatch?.();
      unwatch = undefined;
      await closeClient(client, socket);
    },
  };
}

async function closeClient(client: PublicClient, socket: boolean): Promise<void> {
  if (!socket) return;
  const transport = client.transport as unknown as { getRpcClient(): Promise<{ close(): void }> };
  (await transport.getRpcClient()).close();
}

/** Throws `wrong-chain` where no contract stands. */
export async function requireContract(endpoint: Endpoint, address: Address, what: string): Promise<void> {
  const code = await endpoint.client.getCode({ address });
  if (code === undefined || code === "0x") {
    throw new PacelineError("wrong-chain", `there is no ${what} at ${address} on chain ${endpoint.chainId} (${endpoint.url}): check the address and the endpoint`);
  }
}
