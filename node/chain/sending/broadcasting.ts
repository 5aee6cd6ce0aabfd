import { BaseError, ExecutionRevertedError } from "viem";
import { PacelineError } from "../../core/errors.ts";
import { isAnswer, wholeMessage } from "../endpoints/refusals.ts";

/** What became of handing a transaction to the nodes. */
export type Broadcast =
  | "taken"
  /** No node answered: one may have taken it. */
  | "unknown"
  /** The nonce is used up: by this account's earlier transaction, in a block. */
  | "nonce-used"
  /** Another transaction of the nonce waits in the nodes' pools and offers as much. */
  | "underpriced"
  | "unaffordable"
  | "refused";

const KINDS: readonly (readonly [Broadcast, RegExp])[] = [
  ["taken", /already known|known transaction|already (imported|exists)/i],
  ["nonce-used", /nonce.{0,20}too low|nonce too low|old nonce|nonce has already been used|invalid nonce|OldNonce/i],
  ["underpriced", /underpriced|replacement.{0,40}(fee|price)|fee too low to (replace|compete)|same nonce/i],
  [
    "unaffordable",
    /insufficient funds|doesn't have enough funds|exceeds the balance|upfront cost|insufficient balance/i,
  ],
];

/** @param error of `eth_sendRawTransaction` */
export function kindOfProblem(error: unknown): Broadcast {
  const found =
    error instanceof BaseError ? error.walk((inner) => inner instanceof PacelineError || isAnswer(inner)) : null;
  if (error instanceof PacelineError || found instanceof PacelineError) return "refused";
  if (found === null) return isAnswer(error) ? kindOf(error) : "unknown";
  return kindOf(error);
}

function kindOf(error: unknown): Broadcast {
  const text = wholeMessage(error);
  return KINDS.find(([, pattern]) => pattern.test(text))?.[0] ?? "refused";
}

/** The contract would not take the call. */
export function isRevert(error: unknown): boolean {
  if (!(error instanceof BaseError)) return false;
  return error.walk((inner) => inner instanceof ExecutionRevertedError) !== null || /revert/i.test(wholeMessage(error));
}
