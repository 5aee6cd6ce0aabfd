import { ZERO_WORD } from "../../core/bytes.ts";
import { bitsOf, hasBit, includedUpdates, positionOf, type RoundView } from "../../core/roundView.ts";
import { isQuorum, reaches, slotsLeft } from "../completion.ts";
import type { Intent } from "../plan.ts";
import { memberIdOf, ownSeat } from "../places.ts";
import type { PeerState } from "../state.ts";
import { fetchUpdate } from "./sharing.ts";

/** Propose: every seat computes the aggregate; those whose slot has come post its root. */
export function decideProposal(state: PeerState, view: RoundView): Intent[] {
  const seat = ownSeat(state);
  if (seat < 0) return [];
  const { aggregateRoot } = state.memory;
  if (aggregateRoot === undefined) return computeAggregate(state, view);
  if (seat < view.firstSlot || !hasBit(view.liveSeats, seat) || !isQuorum(view, view.liveSeats)) return [];
  const { phaseBlocks, slotSeconds } = state.settings.terms;
  const turns = slotsLeft(view, seat);
  if (!reaches(view, view.phaseStartBlock + turns * phaseBlocks)) return [];
  const { round, seed, includeHash } = view;
  const body = { type: "Attestation", round, seed, slot: seat, includeHash, aggregateRoot } as const;
  const notBefore = turns === 0 ? -Infinity : view.phaseStart + turns * slotSeconds;
  return [{ key: `propose:${view.firstSlot}:${includeHash}`, effect: { type: "propose", seat, body }, notBefore }];
}

/**
 * The sum needs every included update; what this peer has not checked itself is fetched from those who have. One that breaks
 * a rule, and that a quorum included all the same, cannot be summed: then this seat judges nothing.
 */
export function computeAggregate(state: PeerState, view: RoundView): Intent[] {
  if (state.modelId !== view.modelId) return [];
  const missing = missingUpdates(state, view);
  if (missing.length > 0) return missing;
  if (bitsOf(view.includedMask).some((position) => state.memory.refused.has(view.updateRoots[position]!))) return [];
  const { round, includeHash } = view;
  const effect = { type: "aggregate", round, includeHash, updates: includedUpdates(view) } as const;
  return [{ key: `aggregate:${includeHash}`, effect }];
}

/** Fetches for included updates that this peer does not hold. It must hold the round's model, as for `checkUpdates`. */
export function missingUpdates(state: PeerState, view: RoundView): Intent[] {
  return bitsOf(view.includedMask).flatMap((position) => {
    const updateRoot = view.updateRoots[position] ?? ZERO_WORD;
    const own = position === positionOf(view, memberIdOf(state));
    return own ? [] : fetchUpdate(state, view, position, updateRoot);
  });
}
