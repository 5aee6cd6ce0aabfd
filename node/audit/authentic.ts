import { keccak256, serializeTransaction, type Transaction } from "viem";
import { abiWord, fromHex, toHex } from "../core/bytes.ts";
import { recoverSigner } from "../core/signature.ts";

/** Types whose bytes can be written out from what an endpoint tells of them. */
const KNOWN: readonly string[] = ["legacy", "eip2930", "eip1559", "eip7702"];

/**
 * Whether a transaction is what its hash stands for, and its sender who signed it: an endpoint that changes calldata is found
 * out. Undefined for types of transactions that are not Ethereum's own.
 */
export function isAuthentic(transaction: Transaction): boolean | undefined {
  const { chainId, from, hash, r, s, v, yParity, type } = transaction;
  if (!KNOWN.includes(type)) return undefined;
  try {
    const { nonce, gas, to, value, input: data, gasPrice, maxFeePerGas, maxPriorityFeePerGas } = transaction;
    const { accessList, authorizationList } = transaction;
    const fees = type === "legacy" || type === "eip2930" ? { gasPrice } : { maxFeePerGas, maxPriorityFeePerGas };
    // Before EIP-155 no chain was signed.
    const signedChain = type === "legacy" && v < 35n ? undefined : chainId;
    const fields = { type, chainId: signedChain, nonce, gas, to, value, data, accessList, authorizationList, ...fees };
    const unsigned = fields as Parameters<typeof serializeTransaction>[0];
    const parity = type === "legacy" ? (Number(v) + 1) % 2 : (yParity ?? Number(v));
    const signature = type === "legacy" ? { r, s, v } : { r, s, yParity: parity };
    if (keccak256(serializeTransaction(unsigned, signature)) !== hash) return false;
    const signed = fromHex(keccak256(serializeTransaction(unsigned)));
    const bytes = `${toHex(abiWord(r))}${toHex(abiWord(s)).slice(2)}${(27 + parity).toString(16)}` as const;
    return recoverSigner(signed, bytes) === from.toLowerCase();
  } catch {
    return undefined;
  }
}
