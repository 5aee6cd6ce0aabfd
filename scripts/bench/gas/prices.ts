import { getBytes } from "ethers";
import type { Measured } from "./measure.ts";

/**
 * What the EVM asks for the least that a transaction can do, so that a figure can be held against its floor. Counted are the
 * transaction itself, storage, other accounts, signatures, logs and code; not counted are arithmetic, memory and hashing, which
 * an implementation can always do with a little less of.
 */

/** Prices of the Osaka fork: EIP-2929, EIP-2200, EIP-3860, EIP-7623 and the yellow paper. */
const PRICE = {
  transaction: 21_000,
  zeroByte: 4,
  otherByte: 16,
  /** EIP-7623: the least that a token of calldata costs; a zero byte is one, another byte four. */
  calldataToken: 10,
  /** First touch of an account, as of what a clone delegates to. */
  account: 2_600,
  /** First read of a slot. */
  read: 2_100,
  /** First read and write of a slot that holds something. */
  used: 5_000,
  /** First read and write of a slot that holds nothing. */
  fresh: 22_100,
  signature: 3_000,
  log: 375,
  topic: 375,
  logByte: 8,
  creation: 32_000,
  codeByte: 200,
} as const;

/** What cannot be left out, by number. */
export type Work = Partial<
  Record<"account" | "read" | "used" | "fresh" | "signature" | "creation" | "codeByte", number>
>;

function workGas(work: Work): number {
  return Object.entries(work).reduce((sum, [name, count]) => sum + PRICE[name as keyof Work] * count, 0);
}

function logGas(logs: Measured["logs"]): number {
  return logs.reduce(
    (sum, { topics, data }) => sum + PRICE.log + PRICE.topic * topics.length + PRICE.logByte * getBytes(data).length,
    0,
  );
}

/** Of a whole transaction: its calldata as it was sent, its logs as they were written, and its work. */
export function floorOf({ data, logs }: Measured, work: Work): number {
  const bytes = getBytes(data);
  const zeros = bytes.filter((byte) => byte === 0).length;
  const others = bytes.length - zeros;
  const executed = PRICE.zeroByte * zeros + PRICE.otherByte * others + workGas(work) + logGas(logs);
  return PRICE.transaction + Math.max(executed, PRICE.calldataToken * (zeros + 4 * others));
}

/** Of a part of a transaction. */
export function partFloorOf(logs: Measured["logs"], work: Work): number {
  return workGas(work) + logGas(logs);
}
