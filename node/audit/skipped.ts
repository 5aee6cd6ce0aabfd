import { PHASES, bitOf, hasBit } from "../core/roundView.ts";
import { positionOfSeat, type JobState } from "../chain/memory/jobStorage.ts";
import type { Call } from "./calls.ts";

/** An entry of a posting that the rules skip: anyone may post anything, so it is no difference by itself. */
export interface Skipped {
  readonly item: string;
  readonly reason: string;
}

/**
 * What of a posting did not count, as far as it is not there already.
 * @param before the phase in which it was posted, and what had been posted then
 * @param job after the posting
 */
export function skippedOf(before: Posted, job: JobState, call: Call): Skipped[] {
  switch (call.functionName) {
    case "commitBatch":
      return before.phase !== PHASES.indexOf("commit")
        ? []
        : call.args[0].flatMap(({ position }) => commitSkipped(job, position));
    case "share":
      return before.phase !== PHASES.indexOf("share")
        ? []
        : [
            ...call.args[0].flatMap(({ position }) => openingSkipped(job, position)),
            ...call.args[1].flatMap(({ seat, bits }) => bitmapSkipped(before, job, seat, bits)),
          ];
    case "attest":
      return before.phase !== PHASES.indexOf("challenge")
        ? []
        : [
            ...call.args[0].flatMap(({ seat }) => seatSkipped(before, job, seat, "attestation", job.attested, SIGNED)),
            ...call.args[1].flatMap(({ seat }) =>
              seatSkipped(before, job, seat, "score commitment", job.scoreCommitted, SIGNED),
            ),
          ];
    case "openScores":
      return before.phase !== PHASES.indexOf("score")
        ? []
        : call.args[0].flatMap(({ seat }) =>
            seatSkipped(
              before,
              job,
              seat,
              "score vector",
              job.scoreOpened,
              "is not what it committed to, or no valid vector",
            ),
          );
    default:
      return [];
  }
}

/** What a posting is held against. */
export interface Posted {
  /** Index in `PHASES`. */
  readonly phase: number;
  readonly live: bigint;
  readonly committed: bigint;
}

export function postedBefore({ phase, live, committed }: JobState): Posted {
  return { phase: PHASES.indexOf(phase), live, committed };
}

const SIGNED = "is not signed by the operator of that seat";

function commitSkipped(job: JobState, position: number): Skipped[] {
  if (hasBit(job.committed | job.passed, position)) return [];
  return [{ item: `commit of ${memberAt(job, position)}`, reason: "is not signed by its operator" }];
}

function openingSkipped(job: JobState, position: number): Skipped[] {
  if (hasBit(job.opened, position)) return [];
  const reason = job.commits.has(position) ? "is not what it committed to" : "opens nothing that was committed";
  return [{ item: `opening of ${memberAt(job, position)}`, reason }];
}

function bitmapSkipped({ live, committed }: Posted, job: JobState, seat: number, bits: bigint): Skipped[] {
  if (!hasBit(live, seat)) return [];
  const own = positionOfSeat(job, seat);
  const counting = bits & committed & ~(own < 0 ? 0n : bitOf(own));
  if ((counting & ~(job.bitmaps.get(seat) ?? 0n)) === 0n) return [];
  return [{ item: `bitmap of ${holderOf(job, seat)}`, reason: SIGNED }];
}

function seatSkipped(
  { live }: Posted,
  job: JobState,
  seat: number,
  what: string,
  mask: bigint,
  reason: string,
): Skipped[] {
  return hasBit(live, seat) && !hasBit(mask, seat) ? [{ item: `${what} of ${holderOf(job, seat)}`, reason }] : [];
}

export function memberAt({ cohort }: Pick<JobState, "cohort">, position: number): string {
  const id = cohort[position];
  return id === undefined ? `nobody, at position ${position}` : `member ${id}`;
}

export function holderOf({ seats }: Pick<JobState, "seats">, seat: number): string {
  const id = seats[seat];
  return id === undefined ? `seat ${seat}, which there is not` : `seat ${seat} (member ${id})`;
}
