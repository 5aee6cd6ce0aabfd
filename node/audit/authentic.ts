import { keccak256, recoverTransactionAddress, serializeTransaction, type Transaction } from "viem";

/** Types whose bytes can be written out from what an endpoint tells of them. */
const KNOWN: readonly string[] = ["legacy", "eip2930", "eip1559", "eip7702"];

/**
 * Whether a transaction is what its hash stands for, and its sender who signed it: an endpoint that changes calldata is found
 * out. Undefined for types of transactions that are not Ethereum's own.
 */
export async function isAuthentic(transaction: Transaction): Promise<boolean | undefined> {
  const { chainId, from, hash, r, s, v, yParity, type } = transaction;
  if (!KNOWN.includes(type)) return undefined;
  try {
    const { nonce, gas, to, value, input: data, gasPrice, maxFeePerGas, maxPriorityFeePerGas } = transaction;
    const { accessList, authorizationList } = transaction;
    const fees =
      gasPrice === undefined || maxFeePerGas !== undefined ? { maxFeePerGas, maxPriorityFeePerGas } : { gasPrice };
    const fields = { type, chainId, nonce, gas, to, value, data, accessList, authorizationList, ...fees };
    const signature = type === "legacy" ? { r, s, v } : { r, s, yParity: yParity ?? Number(v) };
    const serialized = serializeTransaction(fields as Parameters<typeof serializeTransaction>[0], signature);
    if (keccak256(serialized) !== hash) return false;
    return (
      (await recoverTransactionAddress({ serializedTransaction: serialized })).toLowerCase() === from.toLowerCase()
    );
  } catch {
    return undefined;
  }
}
