import type { RoundView } from "../../core/roundView.ts";
import { MIN_COHORT } from "../completion.ts";
import type { Intent } from "../plan.ts";
import { memberIdOf } from "../places.ts";
import { rosterOf } from "../roster.ts";
import type { PeerState } from "../state.ts";

/** A member that missed something comes back once its draws are over, or at once where too few others are left. */
export function decideReturn(state: PeerState, view: RoundView): Intent[] {
  const memberId = memberIdOf(state);
  const member = state.members[memberId];
  if (member?.active !== true || member.ejected || member.suspendedUntil === 0) return [];
  if (view.phase === "finished" || view.phase === "failed") return [];
  const isOver = view.round >= member.suspendedUntil && member.weight === 0; // and it has left the draws before
  if (!isOver && rosterOf(state.members).candidates.length >= MIN_COHORT) return [];
  return [{ key: `resume:${member.suspendedUntil}`, effect: { type: "resume", memberId } }];
}
