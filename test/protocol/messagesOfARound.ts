import type { PeerEvent } from "../../node/protocol/events.ts";
import {
  attestationOf,
  bitmapOf,
  commitOf,
  COHORT,
  openingOf,
  said,
  scoreCommitOf,
  scoreOpeningOf,
  scoresOf,
  SEATS,
  updateOf,
} from "./situation.ts";

/** All that honest members say in the round of situation.ts, and what their work gives. */

export const openings = COHORT.map((id) => said(id, openingOf(id)));
export const commits = COHORT.map((id) => said(id, commitOf(id)));
export const allBut = (id: number): bigint => 0b11111n & ~(1n << BigInt(id));
export const bitmaps = SEATS.map((id, seat) => said(id, bitmapOf(seat, allBut(id))));
export const attestations = SEATS.map((id) => said(id, attestationOf()));
export const scoreCommits = SEATS.map((id) => said(id, scoreCommitOf(id)));
export const scoreOpenings = SEATS.map((id) => said(id, scoreOpeningOf(id)));
export const trained = (id: number): PeerEvent => ({ type: "trained", round: 4, update: updateOf(id) });
export const scored = (id: number): PeerEvent => ({ type: "scored", round: 4, scores: scoresOf(id) });
