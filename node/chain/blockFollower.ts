import type { Hex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import type { Head } from "./endpoints/head.ts";

/** How a block stands to those that were shown before. */
export type Placement =
  /** Shown already. */
  | { readonly type: "same" }
  /** No higher than what was shown, and not on another branch of that height: whoever told it lags. */
  | { readonly type: "behind" }
  | { readonly type: "next" }
  /** On another branch: what was shown above `ancestor` is taken back. */
  | { readonly type: "branch"; readonly ancestor: number };

/** The chain as one endpoint has it. */
export interface BlockReader {
  readonly at: (number: number) => Promise<Head | undefined>;
  readonly of: (hash: Hex) => Promise<Head | undefined>;
}

/** Blocks that were shown and can be told apart later; a branch that leaves before the oldest takes all of them back. */
const KEPT = 256;
/** Parents that are asked for one by one; a longer way is entered by number. */
const MAX_WALK = 256;

/**
 * Remembers which blocks were shown, so that what is shown next never goes back: a lower block is not shown, and one on another
 * branch only where parent hashes lead from it to a block that was shown before.
 */
export class BlockFollower {
  readonly #reader: BlockReader;
  /** Ascending. */
  #shown: readonly Head[] = [];

  constructor(reader: BlockReader) {
    this.#reader = reader;
  }

  /** Throws PacelineError `chain-unreachable` where the endpoint does not know a block's parent. */
  async place(block: Head): Promise<Placement> {
    const last = this.#shown[this.#shown.length - 1];
    if (last === undefined || block.parentHash === last.hash) return { type: "next" };
    if (block.hash === last.hash) return { type: "same" };
    if (block.number < last.number) return { type: "behind" };
    const ancestor = await this.#ancestorOf(await this.#enter(block, last));
    return ancestor === last.number ? { type: "next" } : { type: "branch", ancestor };
  }

  /** The block is shown; what is above `ancestor` no longer counts. */
  show(block: Head, ancestor = Infinity): void {
    const before = this.#shown.filter(({ number }) => number <= ancestor);
    this.#shown = [...before, block].slice(-KEPT);
  }

  /** Where the way back begins: at the block itself, or, if it is far ahead, at the height that was shown last. */
  async #enter(block: Head, last: Head): Promise<Head> {
    if (block.number - last.number <= MAX_WALK) return block;
    return requireKnown(await this.#reader.at(last.number), `block ${last.number}`);
  }

  /** @returns the height of the newest block that was shown and is an ancestor; −1 for none that is remembered */
  async #ancestorOf(block: Head): Promise<number> {
    const oldest = this.#shown[0]!.number;
    let cursor = block;
    for (let step = 0; step < MAX_WALK + KEPT; step++) {
      const shown = this.#shown.find(({ number }) => number === cursor.number);
      if (shown?.hash === cursor.hash) return cursor.number;
      if (cursor.number <= oldest) break;
      const { number, parentHash } = cursor;
      cursor = requireKnown(await this.#reader.of(parentHash), `the parent of block ${number}`);
      if (cursor.number !== number - 1) throw unknown(`the parent of block ${number}`);
    }
    return -1;
  }
}

function requireKnown(block: Head | undefined, what: string): Head {
  if (block === undefined) throw unknown(what);
  return block;
}

function unknown(what: string): PacelineError {
  return new PacelineError("chain-unreachable", `the endpoint does not know ${what}`);
}
