import type { Address, Hex } from "../../../node/core/bytes.ts";
import type { SignedStruct } from "../../../node/core/typedData.ts";
import type { PeerEffect } from "../../../node/protocol/events.ts";

/** Where a member of a virtual federation leaves the protocol. */
export interface Misbehaviour {
  /** Effects that it never carries out. */
  readonly omits?: (effect: PeerEffect) => boolean;
  /** What it makes of the aggregate that it computed. */
  readonly tamper?: (aggregate: Int32Array) => Int32Array;
  /** Blobs that it does not give to somebody who asks. */
  readonly hides?: (root: Hex, kind: "update" | "aggregate", asker: Address) => boolean;
  /** Rounds in which it trains for nothing. */
  readonly passes?: (round: number) => boolean;
  /** What it says to the others beside what it should. */
  readonly adds?: (body: SignedStruct) => readonly SignedStruct[];
  /** Never runs at all. */
  readonly absent?: boolean;
}

const publishes = (effect: PeerEffect, type: string): boolean => effect.type === "publish" && effect.body.type === type;

export const honest: Misbehaviour = {};

/** Adds one step to one coordinate, and attests that. */
export const liar: Misbehaviour = {
  tamper: (aggregate) => aggregate.map((value, index) => (index === aggregate.length - 1 ? value + 1 : value)),
};

/** The same, and gives nobody the blob. What the chain demands to see it shows. */
export const hidingLiar: Misbehaviour = { ...liar, hides: (_, kind) => kind === "aggregate" };

/** The same, and shows it to nobody, not even to the chain. */
export const silentLiar: Misbehaviour = { ...hidingLiar, omits: ({ type }) => type === "answer" };

export const deadAggregator: Misbehaviour = { omits: ({ type }) => type === "propose" };

export const absentMember: Misbehaviour = { absent: true };

/** Has nothing to give in any round. */
export const passing: Misbehaviour = { passes: () => true };

/** Commits, and never opens. */
export const withholdsOpening: Misbehaviour = {
  omits: (effect) => publishes(effect, "Opening") || effect.type === "share",
};

/** Opens its commit, and shows nobody the update. */
export const withholdsBlob: Misbehaviour = { hides: (_, kind) => kind === "update" };

/**
 * Members that give some updates to one another only, and certify them all the same: others lack what the committee
 * included.
 * @param secrets roots of those updates
 */
export function conspiracy(friends: readonly Address[], secrets: ReadonlySet<Hex>): Misbehaviour {
  return {
    hides: (root, _, asker) => secrets.has(root) && !friends.includes(asker),
    omits: ({ type }) => type === "answer",
  };
}

/** Attests whatever it computes, and leaves it to others to go to the court in time. */
export const lateChallenger: Misbehaviour = { omits: ({ type }) => type === "prove" || type === "demand" };

/** Attests another root beside the right one. */
export const equivocator: Misbehaviour = {
  adds: (body) =>
    body.type === "Attestation" ? [{ ...body, aggregateRoot: `0x${body.aggregateRoot.slice(2, 64)}00` }] : [],
};

/** Trains, but takes no part in the committee's work. */
export const silentSeat: Misbehaviour = {
  omits: (effect) =>
    (effect.type === "publish" && effect.body.type !== "Opening" && effect.body.type !== "Commit") ||
    ["share", "commitBatch", "propose", "attest", "openScores", "prove", "demand", "answer", "advance"].includes(
      effect.type,
    ),
};

/** Commits to scores, and never opens them. */
export const withholdsScores: Misbehaviour = {
  omits: (effect) => publishes(effect, "ScoreOpening") || effect.type === "openScores",
};
