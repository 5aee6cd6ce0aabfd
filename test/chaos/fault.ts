import type { Phase } from "../../node/core/roundView.ts";
import type { Ground } from "./ground.ts";

/** Phases in which a fault strikes, the table's columns. */
export const STRUCK_PHASES = ["draw", "commit", "share", "propose", "challenge", "score"] as const satisfies Phase[];
export type StruckPhase = (typeof STRUCK_PHASES)[number];

/** What a fault needs beside daemons and a chain. */
export interface Needs {
  /** A chain that reorganises and makes blocks by the clock; Hardhat's otherwise. */
  readonly anvil?: true;
  /** Every connection between two daemons goes through a link that the test holds. */
  readonly links?: true;
  /** Every daemon's endpoint is one that the test holds; or the first one of two is. */
  readonly endpoints?: "alone" | "first of two";
  /** Homes of these daemons are file systems of their own, of so many megabytes. */
  readonly disks?: { readonly members: readonly number[]; readonly megabytes: number };
  /** Every daemon's clock can be moved. */
  readonly clocks?: true;
  /** One more member, whose daemon is not ours. */
  readonly attacker?: true;
}

/** Where a fault strikes. */
export interface Strike {
  readonly ground: Ground;
  readonly phase: StruckPhase;
  readonly round: number;
  /** The member in the first seat, whom a round misses most; another one before the draw. */
  readonly victim: number;
}

/** A fault that has struck. */
export interface Struck {
  /** Members that may miss a duty by it, and lose the stake for that. */
  readonly members: readonly number[];
  /** Seconds until it heals; without it, it lasts until its round is over. */
  readonly seconds?: number;
  /** Resolves when everything is as before, except for what daemons make of it. */
  heal(): Promise<void>;
}

/** Something that happens to a federation: a row of the table. */
export interface Fault {
  readonly name: string;
  /** One line, for people. */
  readonly what: string;
  readonly needs: Needs;
  /** Why it cannot be made on this machine. */
  readonly absence?: () => string | undefined;
  strike(strike: Strike): Promise<Struck>;
}
