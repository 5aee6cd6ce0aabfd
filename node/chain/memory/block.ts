import type { Address, Hex } from "../../core/bytes.ts";

/** What a contract sees of the block and the transaction that it runs in. */
export interface Block {
  readonly number: number;
  /** Seconds. */
  readonly time: number;
  readonly sender: Address;
  /** Hash of one of the last 256 blocks; undefined for older ones, this one and later ones. */
  hashOf(number: number): Hex | undefined;
}

/** A call that a contract refused: nothing of it has happened. */
export class Revert extends Error {
  readonly error: string;
  readonly args: readonly unknown[];

  constructor(error: string, args: readonly unknown[]) {
    super(error);
    this.error = error;
    this.args = args;
  }
}

/** @param error name of the contract's error */
export function revert(error: string, ...args: readonly unknown[]): never {
  throw new Revert(error, args);
}
