import type { Address } from "../../core/bytes.ts";
import type { Member, RoundView } from "../../core/roundView.ts";
import type { Network } from "../../network/network.ts";

/**
 * Operators that were members of a job and are no more: ejected or gone, once they are drawn into no further round and the one that they
 * were drawn into is over. Others wait for the commit of everybody in the cohort, and some of those have to bring it by gossip. One
 * that has joined again is a member.
 */
export function formerOperators({ cohort, seats }: RoundView, members: readonly Member[]): readonly Address[] {
  const drawn = new Set([...cohort, ...seats]);
  const belongs = members.map(({ ejected, active, weight }, id) => weight > 0 || drawn.has(id) || (active && !ejected));
  const current = new Set(members.filter((_, id) => belongs[id]).map(({ operator }) => operator));
  const former = new Set(members.map(({ operator }) => operator).filter((operator) => !current.has(operator)));
  return [...former].sort();
}

interface Standing {
  readonly former: readonly Address[];
  /** Changes where anybody's standing or operator does. */
  readonly text: string;
}

const standings = new WeakMap<RoundView, { readonly members: readonly Member[]; readonly standing: Standing }>();

/** Remembered by view: in a simulation thousands of peers look at the same one. */
function standingIn(view: RoundView, members: readonly Member[]): Standing {
  const known = standings.get(view);
  if (known?.members === members) return known.standing;
  const former = formerOperators(view, members);
  const standing = { former, text: [former, members.map(({ operator }) => operator)].join(";") };
  standings.set(view, { members, standing });
  return standing;
}

/** Has the network drop those that leave or are ejected, and ask the registry anew when a member's operator has changed. */
export function watchFormerMembers(network: Network): (view: RoundView, members: readonly Member[]) => void {
  let known = "";
  let seen: { readonly members: readonly Member[]; readonly round: number } | undefined;
  return (view, members) => {
    if (members === seen?.members && view.round === seen.round) return;
    seen = { members, round: view.round };
    const { former, text } = standingIn(view, members);
    if (text === known) return;
    known = text;
    network.setFormer(former);
  };
}
