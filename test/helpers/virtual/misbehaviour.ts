import type { Hex } from "../../../node/core/bytes.ts";
import type { PeerEffect } from "../../../node/protocol/events.ts";

/** Where a member of a virtual federation leaves the protocol. */
export interface Misbehaviour {
  /** Effects that it never carries out. */
  readonly omits?: (effect: PeerEffect) => boolean;
  /** What it makes of the aggregate that it computed. */
  readonly tamper?: (aggregate: Int32Array) => Int32Array;
  /** Blobs that it keeps to itself. */
  readonly hides?: (root: Hex, kind: "update" | "aggregate") => boolean;
  /** Never runs at all. */
  readonly absent?: boolean;
}

const publishes = (effect: PeerEffect, type: string): boolean => effect.type === "publish" && effect.body.type === type;

export const honest: Misbehaviour = {};

/** Adds one step to one coordinate, and attests that. */
export const liar: Misbehaviour = {
  tamper: (aggregate) => aggregate.map((value, index) => (index === aggregate.length - 1 ? value + 1 : value)),
};

/** The same, and shows nobody the blob, so that nobody can prove it. */
export const hidingLiar: Misbehaviour = { ...liar, hides: (_, kind) => kind === "aggregate" };

export const deadAggregator: Misbehaviour = { omits: ({ type }) => type === "propose" };

export const absentMember: Misbehaviour = { absent: true };

/** Commits, and never opens. */
export const withholdsOpening: Misbehaviour = {
  omits: (effect) => publishes(effect, "Opening") || effect.type === "share",
};

/** Opens its commit, and shows nobody the update. */
export const withholdsBlob: Misbehaviour = { hides: (_, kind) => kind === "update" };

/** Trains, but takes no part in the committee's work. */
export const silentSeat: Misbehaviour = {
  omits: (effect) =>
    (effect.type === "publish" && effect.body.type !== "Opening") ||
    ["share", "propose", "attest", "openScores", "prove", "advance"].includes(effect.type),
};

/** Commits to scores, and never opens them. */
export const withholdsScores: Misbehaviour = {
  omits: (effect) => publishes(effect, "ScoreOpening") || effect.type === "openScores",
};
