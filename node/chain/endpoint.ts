import { createPublicClient, custom, type PublicClient } from "viem";
import type { Address } from "../core/bytes.ts";
import { messageOf, PacelineError } from "../core/errors.ts";
import type { Question } from "./endpoints/comparison.ts";
import type { EndpointEvent } from "./endpoints/events.ts";
import { followHeads } from "./endpoints/following.ts";
import type { Head } from "./endpoints/head.ts";
import type { EndpointStatus } from "./endpoints/members.ts";
import { openNode, type RpcNode } from "./endpoints/node.ts";
import { EndpointPool } from "./endpoints/pool.ts";
import { requireUrls, shownUrl } from "./endpoints/url.ts";

/** JSON-RPC endpoints of one chain that act as one, shared by every account and watcher of a process. */
export interface Endpoint {
  /** One URL, or several separated by commas. */
  readonly url: string;
  readonly chainId: number;
  /** Reads from the best endpoint, sends transactions to all. */
  readonly client: PublicClient;
  /** Blocks on top of a block before what it says is acted upon; 0 acts on the newest. */
  readonly confirmations: number;
  /** The newest block. */
  head(): Promise<Head>;
  /** Calls back when there is a new block. @returns stops */
  onBlock(listener: (head: Head) => void, onError: (error: Error) => void): () => void;
  /** Has all endpoints asked the same a little later, and notices where they disagree. Free where there is one endpoint. */
  compareLater(question: Question): void;
  status(): readonly EndpointStatus[];
  close(): Promise<void>;
}

export interface EndpointOptions {
  /** Default 0. */
  readonly confirmations?: number;
  /** Hears of endpoints that fail, lag or contradict each other. */
  readonly onEvent?: (event: EndpointEvent) => void;
}

/**
 * Longest wait for one answer, in milliseconds: a request that hangs must leave a phase the time to be asked again. What was sent and
 * not answered may have been taken all the same; the sender looks.
 */
const TIMEOUT_MS = 10_000;

/**
 * Connects to a node, or to several.
 * @param urls separated by commas; http(s):// is polled, ws(s):// pushes new blocks
 * @param expectedChainId refuses any other chain with `wrong-chain`
 * Throws PacelineError `chain-unreachable` where none answers, `wrong-chain` where one serves another chain, or `bad-input`.
 */
export async function openEndpoint(
  urls: string,
  expectedChainId?: number,
  { confirmations = 0, onEvent = () => undefined }: EndpointOptions = {},
): Promise<Endpoint> {
  const list = requireUrls(urls);
  const nodes = list.map((url) => openNode(url, TIMEOUT_MS));
  try {
    const chainId = await requireOneChain(nodes, expectedChainId);
    const pool = new EndpointPool(nodes, { chainId, confirmations, onEvent, now: () => performance.now() });
    if (nodes.length > 1) await pool.probe();
    return endpointOver(pool, nodes, { url: list.join(","), chainId, confirmations });
  } catch (error) {
    for (const node of nodes) node.close();
    throw error;
  }
}

function endpointOver(
  pool: EndpointPool,
  nodes: readonly RpcNode[],
  facts: Pick<Endpoint, "url" | "chainId" | "confirmations">,
): Endpoint {
  const following = followHeads(pool);
  // The pool tries again itself, and elsewhere.
  const transport = custom({ request: (question: Question) => pool.request(question) }, { retryCount: 0 });
  const client = createPublicClient({ transport, cacheTime: 0 });
  const shown = shownUrl(facts.url);
  return {
    ...facts,
    client,
    head: () => pool.head(),
    onBlock: (onBlock, onError) =>
      following.onBlock(onBlock, (error) =>
        onError(new PacelineError("chain-unreachable", `${shown}: ${reasonOf(error)}`, { url: shown }, error)),
      ),
    compareLater: (question) => pool.compareLater(question),
    status: () => pool.status(),
    close() {
      following.close();
      for (const node of nodes) node.close();
      return Promise.resolve();
    },
  };
}

/** The chain that all endpoints serve which answer now; one that is down is asked when it is back. */
async function requireOneChain(nodes: readonly RpcNode[], expectedChainId: number | undefined): Promise<number> {
  const asked = await Promise.allSettled(nodes.map(async (node) => Number(await node.request("eth_chainId", []))));
  const served = asked.flatMap((answer, index) =>
    answer.status === "fulfilled" ? [{ name: nodes[index]!.name, chainId: answer.value }] : [],
  );
  const [first] = served;
  if (first === undefined) {
    const shown = nodes.map(({ name }) => name).join(", ");
    const cause: unknown = asked.find((answer) => answer.status === "rejected")?.reason;
    throw new PacelineError(
      "chain-unreachable",
      `no chain answers at ${shown}: start one, or check the URL`,
      { url: shown },
      cause,
    );
  }
  const expected = expectedChainId ?? first.chainId;
  for (const { name, chainId } of served) {
    if (chainId === expected) continue;
    throw new PacelineError("wrong-chain", `${name} serves chain ${chainId}, but chain ${expected} is expected`, {
      chainId,
      expectedChainId: expected,
    });
  }
  return expected;
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
