import type { Address, Hex } from "../../core/bytes.ts";
import type { DemandAnswer, TreeNode } from "../chain.ts";

/** A demand as `contracts/court/Demands.sol` keeps it. */
export interface DemandRecord {
  readonly id: number;
  /** What stood when it was made: it falls with it. */
  readonly proposal: Hex;
  readonly demander: Address;
  /** Seconds; it is over once this and the block have passed. */
  readonly deadline: number;
  readonly deadlineBlock: number;
  /** The drawn member's wallet whose place it takes; undefined for one of the public's. */
  readonly place: Address | undefined;
  readonly node: TreeNode;
  /** includeHash without the update that is asked for. */
  readonly hashWithout: Hex;
}

/** What the Court keeps of one job. Coin and bonds are left out: here a demand costs nothing. */
export interface Docket {
  made: number;
  /** In the order of the contract's list, in which the last one takes the place of one that goes. */
  readonly open: DemandRecord[];
  /** Nodes that were asked for, with their proposal. */
  readonly asked: Set<string>;
  readonly answers: { readonly proposal: Hex; readonly answer: DemandAnswer }[];
}

export function newDocket(): Docket {
  return { made: 0, open: [], asked: new Set(), answers: [] };
}
