import type { Hex } from "../../core/bytes.ts";

/** A block as its header says. */
export interface Head {
  readonly number: number;
  readonly hash: Hex;
  readonly parentHash: Hex;
  /** Seconds since the epoch. */
  readonly time: number;
}

/** @param header as JSON-RPC has it, of the form that `checkAnswer` lets through */
export function toHead(header: unknown): Head {
  const { number, hash, parentHash, timestamp } = header as Readonly<
    Record<"number" | "hash" | "parentHash" | "timestamp", string>
  >;
  return {
    number: Number(number),
    hash: hash.toLowerCase() as Hex,
    parentHash: parentHash.toLowerCase() as Hex,
    time: Number(timestamp),
  };
}
