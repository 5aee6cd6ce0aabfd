import type { Member } from "../core/roundView.ts";
import { memberIdOf } from "../protocol/places.ts";
import type { PeerState } from "../protocol/state.ts";
import type { Log } from "./log.ts";

/** Says once what a participant's operator must know about its own membership: that it is suspended, back, or out. */
export function watchStanding(log: Log): (state: PeerState) => void {
  let known: Member | undefined;
  return (state) => {
    const member = state.members[memberIdOf(state)];
    if (member === undefined || member === known) return;
    const before = known;
    known = member;
    if (member.ejected && before?.ejected !== true) tellEjected(log);
    else if (member.suspendedUntil !== (before?.suspendedUntil ?? 0)) tellSuspension(log, member);
  };
}

function tellEjected(log: Log): void {
  log.event(
    "ejected",
    {},
    "EJECTED: a fault of this operator was proven, or its stake no longer covers a miss. It takes part in no further draw, and " +
      "what is left of its stake unbonds. The members let it connect no longer; this daemon goes on following the chain",
  );
}

function tellSuspension(log: Log, { suspendedUntil }: Member): void {
  if (suspendedUntil === 0) return log.event("resumed", {}, "back in the draws from the next snapshot on");
  const text = `suspended for something that was missed: comes back in round ${suspendedUntil}, or when too few others are left`;
  log.event("suspended", { untilRound: suspendedUntil }, text);
}
