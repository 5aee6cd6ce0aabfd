import type { Address, Hex } from "../../core/bytes.ts";

/** What a unit of gas may cost, in wei (EIP-1559). */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** A transaction that was signed, and that the chain has not confirmed yet. One nonce, one call; versions differ in fees. */
export interface PendingTransaction {
  readonly nonce: number;
  /** Decides what it calls: calls of one key in flight at once are one. See `callKey`. */
  readonly key: Hex;
  /** Name of the contract's function, for messages. */
  readonly name: string;
  readonly to: Address;
  readonly data: Hex;
  /** In wei. */
  readonly value: bigint;
  readonly gas: bigint;
  readonly fees: Fees;
  /** The newest version, signed. */
  readonly raw: Hex;
  /** Of every version that was signed, oldest first. */
  readonly hashes: readonly Hex[];
  /** Of every version that does nothing but use up the nonce, because nobody wants the call any more; oldest first. */
  readonly cancelHashes: readonly Hex[];
  /** Seconds since the epoch. */
  readonly firstSent: number;
  readonly lastSent: number;
  /** Seconds since the epoch, after which it is cancelled rather than paid more for; for ever unless given. */
  readonly wantedUntil?: number;
  /** The chain's newest block when the newest version was first sent. */
  readonly sentAtBlock: number;
}

/**
 * The port of what one account has sent and the chain has not confirmed. `put` is durable when it returns, and comes before the
 * broadcast: whatever moment a process dies at, the next one knows every transaction that may be on its way.
 */
export interface Outbox {
  /** By ascending nonce. */
  entries(): readonly PendingTransaction[];
  /** Takes the place of the one with the same nonce. Throws PacelineError `storage-failed`. */
  put(transaction: PendingTransaction): void;
  remove(nonce: number): void;
}

/** For accounts whose process needs no memory of what it sent: a command's wallet, a simulation. */
export function createMemoryOutbox(): Outbox {
  const kept = new Map<number, PendingTransaction>();
  return {
    entries: () => [...kept.values()].sort((left, right) => left.nonce - right.nonce),
    put: (transaction) => void kept.set(transaction.nonce, transaction),
    remove: (nonce) => void kept.delete(nonce),
  };
}
