import type { Address } from "../core/bytes.ts";
import { bitsOf, positionOf, seatOf, type RoundView } from "../core/roundView.ts";
import { rosterOf } from "./roster.ts";
import type { PeerState } from "./state.ts";

/** Where this peer and others stand in a job and in its round. */

/**
 * This peer's id among the job's members, −1 before it has joined. Who asks to leave keeps it: a commit that it has made must
 * still be opened.
 */
export function memberIdOf(state: PeerState): number {
  return rosterOf(state.members).idOf.get(state.settings.operator) ?? -1;
}

/** Whether this peer has a part in the job: a member that stays, or one that goes and has a place in the round. */
export function takesPart(state: PeerState, view: RoundView): boolean {
  const memberId = memberIdOf(state);
  const member = state.members[memberId];
  if (member?.active === true && !member.ejected) return true;
  return memberId >= 0 && (view.cohort.includes(memberId) || view.seats.includes(memberId));
}

export function operatorAt(state: PeerState, memberId: number | undefined): Address | undefined {
  return memberId === undefined ? undefined : state.members[memberId]?.operator;
}

/** The operators of `memberIds`, each once and without this peer, in that order. */
export function othersAmong(state: PeerState, memberIds: readonly (number | undefined)[]): Address[] {
  const operators = new Set(memberIds.map((memberId) => operatorAt(state, memberId)));
  return [...operators].filter(
    (operator): operator is Address => operator !== undefined && operator !== state.settings.operator,
  );
}

/** This peer's seat in the current round, −1 for none. */
export function ownSeat(state: PeerState): number {
  const memberId = memberIdOf(state);
  return state.view === undefined || memberId < 0 ? -1 : seatOf(state.view, memberId);
}

/** The position of an operator in the round's cohort, −1 for none. */
export function positionOfOperator(state: PeerState, view: RoundView, operator: Address): number {
  const memberId = rosterOf(state.members).idOf.get(operator);
  return memberId === undefined ? -1 : positionOf(view, memberId);
}

/** The seat of an operator in the round, −1 for none. */
export function seatOfOperator(state: PeerState, view: RoundView, operator: Address): number {
  const memberId = rosterOf(state.members).idOf.get(operator);
  return memberId === undefined ? -1 : view.seats.indexOf(memberId);
}

/** Who acts first where anyone may: the live seats from the current slot on, the other seats, the cohort, the rest by id. */
export function relayRank(state: PeerState, view: RoundView): number {
  if (view.seats.length === 0) return turnToDraw(state, view);
  const seat = ownSeat(state);
  if (seat < 0) {
    const memberId = memberIdOf(state);
    if (memberId < 0) return view.seats.length + view.cohort.length + state.members.length;
    const position = positionOf(view, memberId);
    return view.seats.length + (position >= 0 ? position : view.cohort.length + memberId);
  }
  const order = bitsOf(view.liveSeats).filter((live) => live >= view.firstSlot);
  const place = order.indexOf(seat);
  return place >= 0 ? place : order.length + seat;
}

/** Before a draw nobody has a place: the candidates by id, another first one each round, then the rest. */
function turnToDraw(state: PeerState, { round }: RoundView): number {
  const { candidates, placeOf } = rosterOf(state.members);
  const memberId = memberIdOf(state);
  const place = placeOf.get(memberId);
  if (place === undefined) return candidates.length + (memberId < 0 ? state.members.length : memberId);
  return (place + candidates.length - (round % candidates.length)) % candidates.length;
}
