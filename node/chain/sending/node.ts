import { type Hex as ViemHex } from "viem";
import type { Address, Hex } from "../../core/bytes.ts";
import type { Endpoint } from "../endpoint.ts";
import { isAnswer } from "../endpoints/refusals.ts";
import { suggestFees } from "./fees.ts";
import type { Landing } from "./flight.ts";
import type { Fees, PendingTransaction } from "./outbox.ts";

/** What a queue of transactions asks a node. Everything throws viem's errors. */

const FEE_BLOCKS = 10;
const TIP_PERCENTILE = 50;

/** What is usual now. Nodes that keep no history of fees know at least the newest block's. */
export async function readFees({ client }: Endpoint, cap: bigint): Promise<Fees> {
  try {
    const range = { blockCount: FEE_BLOCKS, rewardPercentiles: [TIP_PERCENTILE] };
    const { baseFeePerGas, reward } = await client.getFeeHistory(range);
    return suggestFees({ baseFeePerGas, reward: (reward ?? []).flatMap((tips) => tips.slice(0, 1)) }, cap);
  } catch {
    const { baseFeePerGas } = await client.getBlock();
    return suggestFees({ baseFeePerGas: [baseFeePerGas ?? 0n], reward: [] }, cap);
  }
}

/** Transactions of the account that are in blocks, or also those that the node's pool holds without a gap. */
export function readNonce({ client }: Endpoint, address: Address, blockTag: "latest" | "pending"): Promise<number> {
  return client.getTransactionCount({ address, blockTag });
}

/** The version of a transaction that is in a block; undefined for none. */
export async function findLanding(endpoint: Endpoint, transaction: PendingTransaction): Promise<Landing | undefined> {
  const { hashes, cancelHashes } = transaction;
  for (const hash of [...hashes, ...cancelHashes].reverse()) {
    const landing = await readLanding(endpoint, hash, cancelHashes.includes(hash));
    if (landing !== undefined) return landing;
  }
  return undefined;
}

async function readLanding({ client }: Endpoint, hash: Hex, isCancel: boolean): Promise<Landing | undefined> {
  try {
    const receipt = await client.getTransactionReceipt({ hash: hash as ViemHex });
    return {
      hash,
      isCancel,
      blockNumber: Number(receipt.blockNumber),
      gasUsed: Number(receipt.gasUsed),
      fee: receipt.gasUsed * receipt.effectiveGasPrice,
      succeeded: receipt.status === "success",
    };
  } catch (error) {
    if ((error as Error).name === "TransactionReceiptNotFoundError" || isAnswer(error)) return undefined;
    throw error;
  }
}
