import { messageOf } from "../../core/errors.ts";

/** Whether an error of JSON-RPC is about the request, which every node would say, or about the node that was asked. */

/** A node that limits, prunes or lags; another one may know better. Nodes agree on no codes. */
const OF_THE_NODE =
  /rate.?limit|too many requests|limit (exceeded|reached)|header not found|(block|header|hash|method|state).{0,60}(not found|not available|unavailable)|unknown block|could not find|out of range|out of bounds|missing trie|pruned|not (yet )?synced|syncing|invalid block (tag|hash)/i;
const BUSY_CODES: ReadonlySet<unknown> = new Set([429, -32005, -32007]);
/** Methods that a node does not know or permit. */
const METHOD_CODES: ReadonlySet<unknown> = new Set([-32601, -32004]);

/** viem's for what it cannot read, which is no answer. */
const UNREADABLE_CODE = -1;

/** The node has taken the request and answered it, if only by saying no. */
export function isAnswer(error: unknown): boolean {
  const code = codeOf(error);
  return typeof code === "number" && code !== UNREADABLE_CODE && !BUSY_CODES.has(code);
}

export function mayBeOtherwiseElsewhere(error: unknown): boolean {
  return METHOD_CODES.has(codeOf(error)) || OF_THE_NODE.test(wholeMessage(error));
}

/** The transaction is in the node's pool already. */
export function isKnownTransaction(error: unknown): boolean {
  return /already known|known transaction|already (imported|exists|in (the )?(mem)?pool)|transaction already/i.test(
    wholeMessage(error),
  );
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

export function wholeMessage(error: unknown): string {
  const details = typeof error === "object" && error !== null && "details" in error ? String(error.details) : "";
  return `${messageOf(error)} ${details}`;
}
