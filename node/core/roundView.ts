import type { Address, Hex } from "./bytes.ts";
import type { IncludedUpdate } from "./encoding.ts";

/** Where a round stands on the chain, in the order of the contract's `Phase`. */
export const PHASES = [
  "joining",
  "draw",
  "commit",
  "share",
  "propose",
  "challenge",
  "score",
  "finished",
  "failed",
] as const;
export type Phase = (typeof PHASES)[number];

/** A member of a job; its id is its index in the member list. */
export interface Member {
  readonly operator: Address;
  readonly wallet: Address;
  /** In 1/256 score points. */
  readonly trailingScore: number;
  /** The first round in which `resume` brings it back to later draws; 0 where it is not suspended. */
  readonly suspendedUntil: number;
  /** In the next draw, as far as it is known; 0 for who takes no part. */
  readonly weight: number;
  /** Earned in this job and not yet claimed, in wei. */
  readonly credit: bigint;
  /** Has not asked to leave. */
  readonly active: boolean;
  /** For a proven fault: out of all further draws. */
  readonly ejected: boolean;
}

/**
 * What the chain says of the current round; the fields of `RoundView` in contracts/interfaces/JobTypes.sol. Times in seconds.
 */
export interface RoundView {
  readonly phase: Phase;
  /** Counts from 1; 0 while joining. */
  readonly round: number;
  readonly phaseStart: number;
  readonly phaseStartBlock: number;
  readonly blockTime: number;
  readonly blockNumber: number;
  readonly seed: Hex;
  readonly modelId: Hex;
  /** Member ids, ascending; an index into it is a position. */
  readonly cohort: readonly number[];
  /** Member ids in drawn order; an index into it is a seat. */
  readonly seats: readonly number[];
  /** Masks by position. */
  readonly committedMask: bigint;
  /** Of those that committed; they leave `committedMask` when Commit ends. */
  readonly passedMask: bigint;
  readonly openedMask: bigint;
  readonly includedMask: bigint;
  /**
   * By position: the root once opened; before that the commitment with its low byte cleared, or the zero word. After Share
   * those of the include set only, which the adapters take from the chain's log.
   */
  readonly updateRoots: readonly Hex[];
  readonly exampleCounts: readonly number[];
  /** By seat, over positions. */
  readonly bitmaps: readonly bigint[];
  /** Masks by seat. */
  readonly liveSeats: bigint;
  readonly firstSlot: number;
  readonly slot: number;
  readonly includeHash: Hex;
  /** The zero word without a standing proposal. */
  readonly aggregateRoot: Hex;
  readonly attestedMask: bigint;
  readonly scoreCommittedMask: bigint;
  readonly scoreOpenedMask: bigint;
  /** While there are any, the window stays open. */
  readonly openDemands: number;
  /** An answered demand keeps the window open until then at least; seconds, 0 for never asked. */
  readonly windowEnd: number;
  /** The same in blocks: until then both have to be reached. */
  readonly windowEndBlock: number;
}

/** Masks have a bit a seat or a position; shifting a bigint for each question would cost more than the rest of it. */
const BITS: readonly bigint[] = Array.from({ length: 64 }, (_, index) => 1n << BigInt(index));

/** Bits are counted in parts that fit the machine's integers. */
const PART = 0xffff_ffffn;

export const bitOf = (index: number): bigint => BITS[index] ?? 1n << BigInt(index);
export const hasBit = (mask: bigint, index: number): boolean => (mask & bitOf(index)) !== 0n;
export const fullMask = (count: number): bigint => (1n << BigInt(count)) - 1n;

export function popCount(mask: bigint): number {
  let count = 0;
  for (let rest = mask; rest !== 0n; rest >>= 32n) {
    for (let part = Number(rest & PART); part !== 0; part &= part - 1) count++;
  }
  return count;
}

/** Indexes of the set bits, ascending. */
export function bitsOf(mask: bigint): number[] {
  const indexes: number[] = [];
  for (let from = 0, rest = mask; rest !== 0n; from += 32, rest >>= 32n) {
    for (let part = Number(rest & PART); part !== 0; part &= part - 1) {
      indexes.push(from + 31 - Math.clz32(part & -part));
    }
  }
  return indexes;
}

/** Two thirds, rounded up. */
export function quorumOf(judges: number): number {
  return Math.ceil((2 * judges) / 3);
}

/** Cohort position of a member, −1 where it does not train in this round. */
export function positionOf(view: RoundView, memberId: number): number {
  return view.cohort.indexOf(memberId);
}

/** Seat of a member, −1 where it has none in this round. */
export function seatOf(view: RoundView, memberId: number): number {
  return view.seats.indexOf(memberId);
}

/**
 * Bitmaps that a position needs: two thirds of the seats that may certify it, which are all but its owner's.
 */
export function inclusionQuorum(view: RoundView, position: number): number {
  const ownerSits = view.seats.includes(view.cohort[position] as number);
  return quorumOf(view.seats.length - (ownerSits ? 1 : 0));
}

/** Positions whose bit stands in a quorum of `bitmaps`. */
export function certifiedMask(view: RoundView, bitmaps: readonly bigint[]): bigint {
  let mask = 0n;
  for (let position = 0; position < view.cohort.length; position++) {
    const bits = bitmaps.filter(
      (bitmap, seat) => view.seats[seat] !== view.cohort[position] && hasBit(bitmap, position),
    );
    if (bits.length >= inclusionQuorum(view, position)) mask |= bitOf(position);
  }
  return mask;
}

/** The updates that count, in include order, once the include set is fixed. */
export function includedUpdates(view: RoundView): IncludedUpdate[] {
  return bitsOf(view.includedMask).map((position) => ({
    updateRoot: view.updateRoots[position] as Hex,
    memberId: view.cohort[position] as number,
    exampleCount: view.exampleCounts[position] as number,
  }));
}
