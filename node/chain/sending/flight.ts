import type { PendingTransaction } from "./outbox.ts";

/** A transaction on its way, and when something has to be done about it. Times in seconds. */

/** A version of it that is in a block. */
export interface Landing {
  readonly blockNumber: number;
  readonly gasUsed: number;
  /** In wei. */
  readonly fee: bigint;
  /** The contract took it. */
  readonly succeeded: boolean;
  /** It is one of those that only use up the nonce. */
  readonly isCancel: boolean;
  readonly hash: string;
}

export interface Waiter {
  settle(outcome: Landing | Error): void;
}

export interface Flight {
  transaction: PendingTransaction;
  landing: Landing | undefined;
  /** Who waited has been told of the landing. */
  isReported: boolean;
  /** Everybody who wanted it has said that nobody needs it any more, or the contract would refuse it. */
  isUnwanted: boolean;
  lastBroadcast: number;
  /** Since when its nonce is used up though none of its versions is in a block. */
  missingSince: number | undefined;
  hasToldCap: boolean;
  /** The newest block when the fees were raised last. */
  replacedAt: number | undefined;
  readonly waiters: Set<Waiter>;
}

/**
 * From one version to the next: both blocks and seconds on a chain that makes blocks. On one that makes none, seconds alone, and once only:
 * there a higher bid buys nothing, and is paid when the blocks come again.
 */
const STUCK_BLOCKS = 3;
const STUCK_LEAST_SECONDS = 10;
const STUCK_SECONDS = 45;
const REBROADCAST_SECONDS = 15;

export function newFlight(transaction: PendingTransaction): Flight {
  return {
    transaction,
    landing: undefined,
    isReported: false,
    isUnwanted: false,
    lastBroadcast: 0,
    missingSince: undefined,
    hasToldCap: false,
    replacedAt: undefined,
    waiters: new Set(),
  };
}

export function isCancelled({ transaction }: Flight): boolean {
  return transaction.cancelHashes.length > 0;
}

/** Nobody wants it any more, whoever wanted it: also after a restart. */
export function isPast({ transaction: { wantedUntil = Infinity } }: Flight, now: number): boolean {
  return now > wantedUntil;
}

/**
 * @param isNext its nonce is the account's next: whatever comes later waits for it, and it for nothing
 * @param head number of the newest block
 */
export function nextStep(
  { transaction, lastBroadcast, replacedAt }: Flight,
  isNext: boolean,
  head: number,
  now: number,
): "wait" | "broadcast" | "replace" {
  const seconds = now - transaction.lastSent;
  const blocks = head - transaction.sentAtBlock;
  const isLate = seconds >= STUCK_SECONDS && replacedAt !== head;
  const isStuck = isLate || (blocks >= STUCK_BLOCKS && seconds >= STUCK_LEAST_SECONDS);
  if (isNext && isStuck) return "replace";
  return now - lastBroadcast >= REBROADCAST_SECONDS ? "broadcast" : "wait";
}
