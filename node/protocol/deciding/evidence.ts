import { hasBit, seatOf, type RoundView } from "../../core/roundView.ts";
import type { Intent } from "../plan.ts";
import { memberIdOf, othersAmong, relayRank } from "../places.ts";
import type { PeerState } from "../state.ts";

/** What was seen of others' faults, in any phase: it goes to the court, by rank, so that one proof is paid for. */
export function decideEvidence(state: PeerState, view: RoundView): Intent[] {
  const delay = relayRank(state, view) * state.settings.relaySeconds;
  return [...equivocations(state, view, delay), ...audits(state, delay)];
}

function equivocations(state: PeerState, view: RoundView, delay: number): Intent[] {
  return [...state.equivocations]
    .filter(([memberId]) => memberId !== memberIdOf(state) && !isProven(view, memberId))
    .map(([memberId, equivocation]) => {
      const effect = { type: "proveEquivocation", memberId, equivocation } as const;
      return { key: `equivocation:${memberId}`, effect, delay };
    });
}

/** A proven fault takes the seat of the running round at once; the list of members may be read later. */
function isProven(view: RoundView, memberId: number): boolean {
  const seat = seatOf(view, memberId);
  return seat >= 0 && !hasBit(view.liveSeats, seat);
}

function audits(state: PeerState, delay: number): Intent[] {
  return state.disputes.map((judged) => {
    const owners = othersAmong(
      state,
      judged.updates.map(({ memberId }) => memberId),
    );
    // Who has not looked yet looks before what there is to look at is gone; as a rule nothing follows from it.
    const turn = judged.aggregateRoot === undefined ? 0 : delay;
    return { key: `audit:${judged.round}`, effect: { type: "audit", judged, owners }, delay: turn };
  });
}
