import { bitsOf } from "../../../node/core/roundView.ts";
import type { Misbehaviour } from "../../../node/daemon/learning/behaviours.ts";
import { ownSeat } from "../../../node/protocol/places.ts";
import type { PeerState } from "../../../node/protocol/state.ts";

/** Who misbehaves is said by seat: nobody knows before a draw who will sit where. */
export const sits =
  (round: number, ...seats: readonly number[]) =>
  (state: PeerState): boolean =>
    state.view?.round === round && seats.includes(ownSeat(state));

/** The same of whoever has the first slot: the first seat that lives when the round begins. One answer for all that ask; a play of its own. */
export function leads(round: number): (state: PeerState) => boolean {
  let first: number | undefined;
  return (state) => {
    if (state.view?.round !== round || state.view.seats.length === 0) return false;
    first ??= bitsOf(state.view.liveSeats)[0];
    return ownSeat(state) === first;
  };
}

/** All of them in one participant. */
export function together(...parts: readonly Misbehaviour[]): Misbehaviour {
  return {
    tamper: (state, aggregate) => parts.reduce((made, { tamper }) => tamper?.(state, made) ?? made, aggregate),
    hides: (state, root) => parts.some(({ hides }) => hides?.(state, root)),
    omits: (state, effect) => parts.some(({ omits }) => omits?.(state, effect)),
    adds: (state, body) => parts.flatMap(({ adds }) => adds?.(state, body) ?? []),
  };
}
