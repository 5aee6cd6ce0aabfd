import { HttpRequestError, TimeoutError } from "viem";
import { getHttpRpcClient } from "viem/utils";
import { checkAnswer, MalformedAnswerError } from "./answers.ts";
import { createNodeSocket } from "./nodeSocket.ts";
import { toRpcError } from "./rpcError.ts";
import { shownUrl } from "./url.ts";

/** One JSON-RPC endpoint of possibly several. */
export interface RpcNode {
  /** Its URL without what is secret in it. */
  readonly name: string;
  /** Asks once. Throws viem's errors: one with a numeric `code` is the node's answer, others mean that there was none. */
  request(method: string, params: unknown): Promise<unknown>;
  /** Calls back for each new block; undefined where the node has to be asked. @returns stops */
  readonly onBlock: ((listener: () => void, onError: (error: Error) => void) => () => void) | undefined;
  close(): void;
}

type Ask = (method: string, params: unknown) => Promise<unknown>;

/** Bytes of one answer; a job's log is read in parts. */
const MAX_ANSWER_BYTES = 64 * 2 ** 20;
/** Nodes may be long about a job's log, in milliseconds. */
const LOGS_TIMEOUT_MS = 30_000;

/** @param url that `requireUrls` has let through @param timeoutMs of one request; by HTTP, the log has longer */
export function openNode(url: string, timeoutMs: number): RpcNode {
  const name = shownUrl(url);
  const checked =
    (ask: Ask): Ask =>
    async (method, params) =>
      checkAnswer(method, await ask(method, params), name);
  if (!url.startsWith("ws")) {
    return { name, request: checked(askByHttp(url, name, timeoutMs)), onBlock: undefined, close: () => undefined };
  }
  const socket = createNodeSocket(url, timeoutMs);
  return {
    name,
    request: checked((method, params) => socket.request({ method, params })),
    onBlock: (listener, onError) => socket.onBlock(listener, onError),
    close: () => socket.close(),
  };
}

function askByHttp(url: string, name: string, timeoutMs: number): Ask {
  const client = getHttpRpcClient(url, { maxResponseBodySize: MAX_ANSWER_BYTES, timeout: LOGS_TIMEOUT_MS });
  return async (method, params) => {
    const body = { method, params };
    // viem's own timeout ends with the headers: a node that stalls in its answer's middle would hold the caller for ever.
    const signal = AbortSignal.timeout(method === "eth_getLogs" ? Math.max(timeoutMs, LOGS_TIMEOUT_MS) : timeoutMs);
    const answer: unknown = await client.request({ body, fetchOptions: { signal } }).catch((error: unknown) => {
      throw signal.aborted ? new TimeoutError({ body: {}, url: name }) : withoutUrl(error, name);
    });
    if (typeof answer !== "object" || answer === null) {
      throw new MalformedAnswerError(method, name, "it is no JSON-RPC");
    }
    const { error, result } = answer as { readonly error?: unknown; readonly result?: unknown };
    if (error !== undefined && error !== null) throw toRpcError(error, body, method, name);
    return result;
  };
}

/** What viem says of a failed request has the whole URL, and providers' keys are in it. */
function withoutUrl(error: unknown, name: string): unknown {
  if (!(error instanceof HttpRequestError)) return error;
  const details = error.status === undefined ? "no connection" : error.details.slice(0, 200);
  const status = error.status === undefined ? {} : { status: error.status };
  return new HttpRequestError({ body: {}, url: name, details, ...status });
}
