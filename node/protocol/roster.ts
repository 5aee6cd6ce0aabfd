import type { Address } from "../core/bytes.ts";
import type { Member } from "../core/roundView.ts";

/** What is looked up of a list of members, in every step of every peer. */
export interface Roster {
  /** Member ids by operator. */
  readonly idOf: ReadonlyMap<Address, number>;
  /** Ids of the members that the next draw is from, as far as it is known, ascending. */
  readonly candidates: readonly number[];
  /** Places among the candidates, by member id. */
  readonly placeOf: ReadonlyMap<number, number>;
  /** How many are neither leaving, ejected nor suspended. */
  readonly staying: number;
}

const rosters = new WeakMap<readonly Member[], Roster>();

/** Worked out once a list, which nobody changes: a list of thousands must not cost each message a walk through it. */
export function rosterOf(members: readonly Member[]): Roster {
  const known = rosters.get(members) ?? read(members);
  rosters.set(members, known);
  return known;
}

function read(members: readonly Member[]): Roster {
  const idOf = new Map<Address, number>();
  // Of two with one operator, which the registry does not allow, the first counts.
  for (const [memberId, { operator }] of members.entries()) if (!idOf.has(operator)) idOf.set(operator, memberId);
  const candidates = members.flatMap(({ weight }, memberId) => (weight > 0 ? [memberId] : []));
  const placeOf = new Map(candidates.map((memberId, place) => [memberId, place]));
  const stay = members.filter(({ active, ejected, suspendedUntil }) => active && !ejected && suspendedUntil === 0);
  return { idOf, candidates, placeOf, staying: stay.length };
}
