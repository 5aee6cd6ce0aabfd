import { COMMITTEE, type Measured, type MeasuredCohort, type Round } from "./measure.ts";
import { floorOf, partFloorOf, type Work } from "./prices.ts";

/** The least work of each measured transaction: what a job of this protocol has to read, write and check whoever writes it. */

/** So many fields of `bits` bits fill this many slots. */
const slots = (count: number, bits: number): number => Math.ceil((count * bits) / 256);
/** A clone delegates to one implementation; what is in the desk is in another account. */
const [JOB, DESK] = [{ account: 1 }, { account: 2 }] as const;

/** The clock, and the commitment in its slot; who the operator is. */
const OWN_COMMIT: Work = { ...JOB, used: 2, read: 1 };

/** The members' tree; seed, salts, entropy, clock, marks and keeper, the cohort and the seats with their positions. */
const drawWork = (cohort: number): Work => ({
  ...DESK,
  read: slots(cohort, 32) + slots(cohort, 4) + 1 + COMMITTEE,
  used: 6 + slots(cohort, 16) + slots(COMMITTEE, 16) + 1,
});

/** For each its slot, operator and signature; the seed; once the clock, and to close the queues, the entropy block and a keeper. */
const batchWork = (cohort: number): Work => ({
  ...DESK,
  used: cohort + 3,
  read: cohort + 2,
  signature: cohort,
});

/** All commitments and the seats' operators; clock, marks, salts, entropy, include hash, keeper and the bitmaps. */
const shareWork = (cohort: number): Work => ({
  ...JOB,
  read: cohort + COMMITTEE + slots(COMMITTEE, 16) + 2,
  used: 6 + slots(COMMITTEE, 64),
  signature: COMMITTEE,
});

/** Seed, include hash, entropy, seats and the poster's operator; clock, marks and the root. */
const PROPOSE: Work = { ...JOB, read: 5, used: 3, signature: 1 };

/** Seed, include hash, root, demands, seats and operators; clock, marks, keeper and score commits. The poster has attested. */
const ATTEST: Work = { ...JOB, read: 5 + COMMITTEE, used: 3 + COMMITTEE, signature: 2 * COMMITTEE - 1 };

/** Seed, include hash, abstentions, seats, their positions and their commits; the vectors and the marks. */
const scoresWork = (cohort: number): Work => ({
  ...JOB,
  read: 5 + COMMITTEE,
  used: COMMITTEE * slots(cohort, 16) + 1,
});

/**
 * Every member's credit and trailing score; clock, ledger, model, the treasury's pool and the keepers' credit; the round's
 * record, which is new. The cohort, the root, the keepers and whose operator a keeper is.
 */
const settleWork = (cohort: number): Work => ({
  account: 2,
  used: cohort + slots(cohort, 32) + 5,
  fresh: 1,
  read: slots(cohort, 16) + 1 + 4 + 1,
});

const sum = (...works: readonly Work[]): Work => {
  const total: Record<string, number> = {};
  for (const work of works) for (const [name, count] of Object.entries(work)) total[name] = (total[name] ?? 0) + count;
  return total;
};

/** By transaction of a round. */
function roundFloors(round: Round, cohort: number): Record<keyof Round, number> {
  return {
    draw: floorOf(round.draw, drawWork(cohort)),
    commits: floorOf(round.commits, batchWork(cohort)),
    share: floorOf(round.share, shareWork(cohort)),
    propose: floorOf(round.propose, PROPOSE),
    attest: floorOf(round.attest, ATTEST),
    scores: floorOf(round.scores, sum(scoresWork(cohort), settleWork(cohort))),
  };
}

/** A clone with 8 words of terms behind 45 bytes; its clock, its entry and two slots of its book; three slots of the token. */
const CREATE: Work = { creation: 1, codeByte: 45 + 256, account: 3, fresh: 4, used: 3, read: 1 };

/** The proposal; the poster's stake and record, its place in a queue, the pool and the prover's reward. */
const PROOF: Work = { account: 5, read: 6, used: 4, fresh: 3 };

/** The logs that settling adds to an opening. */
const settlementLogs = ({ with: settled, without }: MeasuredCohort["settlement"]): Measured["logs"] =>
  settled.logs.slice(without.logs.length);

/** Floors by the name of the figure. */
export function floorsOf(measured: MeasuredCohort, cohort: number): Record<string, number> {
  const round = roundFloors(measured.round, cohort);
  const own = measured.ownCommits.map((commit) => floorOf(commit, OWN_COMMIT));
  const total = Object.values(round).reduce((all, floor) => all + floor);
  return {
    commit: own.reduce((all, floor) => all + floor) / own.length,
    commitBatched: round.commits / cohort,
    certifyPerUpdate: round.share / cohort,
    settlePerMember: partFloorOf(settlementLogs(measured.settlement), settleWork(cohort)) / cohort,
    roundPerParticipant: total / cohort,
    wrongLeafProof: floorOf(measured.wrongLeafProof, PROOF),
    createJob: floorOf(measured.createJob, CREATE),
  };
}
