import type { Hex } from "../core/bytes.ts";
import type { Phase } from "../core/roundView.ts";

/** The first place where the chain, or a blob, is not what the rules make of what came before. */
export interface Difference {
  readonly round: number;
  readonly phase: Phase;
  /** What differs, such as "score of member 2". */
  readonly item: string;
  /** What the chain says. */
  readonly chain: string;
  /** What the replay says. */
  readonly replay: string;
  readonly block?: number;
  readonly transaction?: Hex;
  /** What may explain it. */
  readonly hint?: string;
}

/** Ends a replay. */
export class Differs extends Error {
  readonly difference: Difference;

  constructor(difference: Difference) {
    super(`round ${difference.round}, ${difference.item}`);
    this.difference = difference;
  }
}
