import type { Address } from "../core/bytes.ts";
import type { JobDomain } from "../core/encoding.ts";
import { hasBit, PHASES, type Member, type Phase, type RoundView } from "../core/roundView.ts";
import type { SignedStruct } from "../core/typedData.ts";
import { opensUpdate, scoresOpened } from "./openings.ts";
import { rosterOf } from "./roster.ts";

/**
 * What each type of message must be, beside the chain: one validator a type. They speak of messages of the draw that this peer sees;
 * of other draws nobody can tell yet.
 */

/** Why a message is not taken in. */
export type MessageFault =
  /** Not exactly a message. */
  | "malformed"
  /** Nobody can have signed it so. */
  | "bad-signature"
  | "not-a-member"
  /** Its round or its phase is over. */
  | "late"
  /** Its round is farther ahead than peers can be. */
  | "early"
  /** Its author neither trains nor judges in this round. */
  | "no-place"
  /** The position or seat that it names is another's. */
  | "wrong-place"
  /** Beyond the cohort or the committee. */
  | "out-of-range"
  /** It does not open what its author committed to. */
  | "wrong-opening"
  /** More than one author, or one peer, may say. */
  | "rate";

/** What a validator sees of the round. */
export interface Place {
  readonly domain: JobDomain;
  readonly view: RoundView;
  readonly members: readonly Member[];
  readonly author: Address;
}

type Body<Type extends SignedStruct["type"]> = Extract<SignedStruct, { type: Type }>;
type Validator<Type extends SignedStruct["type"]> = (body: Body<Type>, place: Place) => MessageFault | undefined;

/** The last phase in which a message of the type is of use to anybody. */
const LAST_PHASE: Readonly<Record<SignedStruct["type"], Phase>> = {
  Commit: "commit",
  Opening: "share",
  Bitmap: "share",
  Attestation: "score",
  ScoreCommit: "score",
  ScoreOpening: "score",
  Checkpoint: "failed",
};

const VALIDATORS: { readonly [Type in SignedStruct["type"]]: Validator<Type> } = {
  Commit: (_, place) => (place.view.cohort.includes(idOf(place)) ? undefined : "no-place"),
  Opening(body, place) {
    const { view, domain } = place;
    if (body.position >= view.cohort.length) return "out-of-range";
    if (view.cohort[body.position] !== idOf(place)) return "wrong-place";
    // Before the chain shows the commit, there is nothing to hold it against.
    if (!hasBit(view.committedMask, body.position)) return undefined;
    return opensUpdate(domain, view, body) ? undefined : "wrong-opening";
  },
  Bitmap(body, place) {
    const { cohort } = place.view;
    if (body.bits >> BigInt(cohort.length) !== 0n) return "out-of-range";
    return faultOfSeat(body.seat, place);
  },
  Attestation(body, place) {
    if (!place.view.seats.includes(idOf(place))) return "no-place";
    return body.slot < place.view.seats.length ? undefined : "out-of-range";
  },
  ScoreCommit: (_, place) => (place.view.seats.includes(idOf(place)) ? undefined : "no-place"),
  ScoreOpening(body, place) {
    const fault = faultOfSeat(body.seat, place);
    if (fault !== undefined || place.view.includedMask === 0n) return fault;
    return scoresOpened(place.domain, place.view, body) === undefined ? "wrong-opening" : undefined;
  },
  // Of a round that is over: who had its seats is known to the round's state alone.
  Checkpoint: () => undefined,
};

/**
 * Holds a message against the round that this peer sees.
 * @returns undefined for one that fits, and for one that cannot be told yet: of the next round, or of another draw of this one
 */
export function faultBeside(body: SignedStruct, place: Place): MessageFault | undefined {
  const { view } = place;
  if (body.round !== view.round || body.seed !== view.seed || view.seats.length === 0) return undefined;
  if (PHASES.indexOf(view.phase) > PHASES.indexOf(LAST_PHASE[body.type])) return "late";
  return (VALIDATORS[body.type] as Validator<SignedStruct["type"]>)(body, place);
}

function idOf({ members, author }: Place): number {
  return rosterOf(members).idOf.get(author) ?? -1;
}

function faultOfSeat(seat: number, place: Place): MessageFault | undefined {
  const { seats } = place.view;
  if (seat >= seats.length) return "out-of-range";
  return seats[seat] === idOf(place) ? undefined : "wrong-place";
}
