import { BaseError, ContractFunctionRevertedError } from "viem";
import type { Address } from "../core/bytes.ts";
import { messageOf, PacelineError } from "../core/errors.ts";

/** Turns what viem throws into one line with the contract's own reason. */
export function explain(error: unknown, call: { readonly functionName: string }, account?: Address): PacelineError {
  if (error instanceof PacelineError) return error;
  if (error instanceof BaseError) {
    const own = error.walk((inner) => inner instanceof PacelineError);
    if (own instanceof PacelineError) return own;
    const reverted = error.walk((inner) => inner instanceof ContractFunctionRevertedError);
    if (reverted instanceof ContractFunctionRevertedError) {
      const name = reverted.data?.errorName ?? reverted.reason ?? reverted.signature ?? "no reason given";
      const args = (reverted.data?.args ?? []).map(String);
      const text = args.length > 0 ? `${name}(${args.join(", ")})` : name;
      return new PacelineError(
        "rejected",
        `the contract refused ${call.functionName}: ${text}`,
        { call: call.functionName, error: name, args },
        error,
      );
    }
    if (/insufficient funds|doesn't have enough funds|exceeds the balance/i.test(`${error.message} ${error.details}`)) {
      return new PacelineError(
        "insufficient-funds",
        `${account ?? "the account"} has too little to pay for ${call.functionName}: send it some of the chain's coin`,
        {},
        error,
      );
    }
    if (/fetch failed|HTTP request failed|socket|ECONNREFUSED|timed out|took too long|malformed/i.test(error.message)) {
      return new PacelineError(
        "chain-unreachable",
        `the chain did not answer ${call.functionName}: ${error.shortMessage}`,
        {},
        error,
      );
    }
    return new PacelineError(
      "rejected",
      `${call.functionName} failed: ${error.shortMessage}`,
      { call: call.functionName },
      error,
    );
  }
  return new PacelineError("chain-unreachable", `${call.functionName} failed: ${messageOf(error)}`, {}, error);
}
