import { BaseError, ContractFunctionExecutionError, ContractFunctionRevertedError, parseAbi } from "viem";
import type { Address } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import type { Endpoint } from "./endpoint.ts";

const abi = parseAbi(["function isAllowed(address wallet) view returns (bool)"]);
const ANYBODY = "0x0000000000000000000000000000000000000000";

/**
 * Whether anybody may register: only the registry of a consortium keeps a list (IConsortiumRegistry).
 * @throws PacelineError `chain-unreachable`
 */
export async function isOpenRegistry({ client }: Endpoint, registry: Address): Promise<boolean> {
  try {
    await client.readContract({ address: registry, abi, functionName: "isAllowed", args: [ANYBODY] });
    return false;
  } catch (error) {
    if (isRevert(error)) return true;
    throw new PacelineError("chain-unreachable", "no endpoint says whether the registry keeps a list", {}, error);
  }
}

/** A contract without the function reverts, and some endpoints answer with no data. */
function isRevert(error: unknown): boolean {
  return (
    error instanceof ContractFunctionExecutionError &&
    error.walk(
      (cause) =>
        cause instanceof ContractFunctionRevertedError ||
        (cause instanceof BaseError && cause.name === "ContractFunctionZeroDataError"),
    ) !== null
  );
}
