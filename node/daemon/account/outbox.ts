import { z } from "zod";
import type { Outbox, PendingTransaction } from "../../chain/sending/outbox.ts";
import type { Address, Hex } from "../../core/bytes.ts";
import type { Storage } from "../../storage/storage.ts";
import { parseRecord } from "../home/records.ts";

/** An operator's outbox on the disk: one record a transaction. */

const KIND = "transaction";

const hex = z.string().regex(/^0x[0-9a-f]*$/i);
const whole = z.int().min(0);
const wei = z.string().regex(/^\d+$/);
const recordSchema = z.object({
  nonce: whole,
  key: hex,
  name: z.string(),
  to: hex,
  data: hex,
  value: wei,
  gas: wei,
  maxFeePerGas: wei,
  maxPriorityFeePerGas: wei,
  raw: hex,
  hashes: z.array(hex),
  cancelHashes: z.array(hex),
  firstSent: z.number(),
  lastSent: z.number(),
  sentAtBlock: whole,
  wantedUntil: z.number().exactOptional(),
});

/** Of one account on one chain: nonces of another mean nothing to it. */
export function openOutbox(storage: Storage, chainId: number, account: Address): Outbox {
  const prefix = `${chainId}-${account}-`;
  const keyOf = (nonce: number): string => `${prefix}${String(nonce).padStart(16, "0")}`;
  return {
    entries: () =>
      storage
        .entries(KIND)
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, record]) => decode(key, record)),
    put: (transaction) => storage.put(KIND, keyOf(transaction.nonce), encode(transaction)),
    remove: (nonce) => storage.delete(KIND, keyOf(nonce)),
  };
}

function encode({ fees, value, gas, ...rest }: PendingTransaction): z.infer<typeof recordSchema> {
  const { maxFeePerGas, maxPriorityFeePerGas } = fees;
  return {
    ...rest,
    hashes: [...rest.hashes],
    cancelHashes: [...rest.cancelHashes],
    value: String(value),
    gas: String(gas),
    maxFeePerGas: String(maxFeePerGas),
    maxPriorityFeePerGas: String(maxPriorityFeePerGas),
  };
}

function decode(key: string, record: unknown): PendingTransaction {
  const parsed = parseRecord(KIND, key, record, recordSchema);
  const { maxFeePerGas, maxPriorityFeePerGas, value, gas, ...rest } = parsed;
  return {
    ...rest,
    key: rest.key as Hex,
    to: rest.to as Address,
    data: rest.data as Hex,
    raw: rest.raw as Hex,
    hashes: rest.hashes as Hex[],
    cancelHashes: rest.cancelHashes as Hex[],
    value: BigInt(value),
    gas: BigInt(gas),
    fees: { maxFeePerGas: BigInt(maxFeePerGas), maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas) },
  };
}
