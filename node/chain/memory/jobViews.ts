import { ZERO_WORD, type Hex } from "../../core/bytes.ts";
import { hasBit, type Member, type RoundView } from "../../core/roundView.ts";
import { isBetweenRounds, operatorOf, type JobState } from "./jobStorage.ts";

/** `contracts/job/JobViews.sol`: what can be read of a job. */

/** `members()`. */
export function membersOf(job: JobState): Member[] {
  return job.members.map(({ wallet, trailingScore, suspendedUntil, credit, active, ejected }, id) => ({
    operator: operatorOf(job, id),
    wallet,
    trailingScore,
    suspendedUntil,
    weight: job.weights[id] ?? 0,
    credit,
    active,
    ejected,
  }));
}

/** The members as they were, one by one and all together, where nothing has changed: thousands of peers hold on to them. */
export function sameWhereEqual(before: readonly Member[] | undefined, now: readonly Member[]): readonly Member[] {
  if (before === undefined) return now;
  let isSame = before.length === now.length;
  const members = now.map((member, id) => {
    const known = before[id];
    if (known !== undefined && isEqual(known, member)) return known;
    isSame = false;
    return member;
  });
  return isSame ? before : members;
}

function isEqual(one: Member, other: Member): boolean {
  return (Object.keys(other) as (keyof Member)[]).every((key) => one[key] === other[key]);
}

/** The root that can be proven wrong or is being settled; the zero word without one. */
export function standingRoot({ phase, aggregateRoot }: JobState): Hex {
  return phase === "challenge" || phase === "score" ? aggregateRoot : ZERO_WORD;
}

/**
 * `roundView()`, in the block in which it is read, with the updates that count, which are in the chain's log. Joining and Draw
 * show nothing of the round that is over.
 */
export function viewOf(job: JobState, block: { readonly number: number; readonly time: number }): RoundView {
  const { phase, round, phaseStart, phaseStartBlock, seed, modelId } = job;
  const clock = { phase, round, phaseStart, phaseStartBlock, blockTime: block.time, blockNumber: block.number };
  return { ...clock, seed, modelId, ...(isBetweenRounds(job) ? NO_ROUND : roundOf(job)) };
}

type RoundPart = Omit<
  RoundView,
  "phase" | "round" | "phaseStart" | "phaseStartBlock" | "blockTime" | "blockNumber" | "seed" | "modelId"
>;

const NO_ROUND: RoundPart = {
  cohort: [],
  seats: [],
  committedMask: 0n,
  passedMask: 0n,
  openedMask: 0n,
  includedMask: 0n,
  updateRoots: [],
  exampleCounts: [],
  bitmaps: [],
  liveSeats: 0n,
  firstSlot: 0,
  slot: 0,
  includeHash: ZERO_WORD,
  aggregateRoot: ZERO_WORD,
  attestedMask: 0n,
  scoreCommittedMask: 0n,
  scoreOpenedMask: 0n,
  openDemands: 0,
  windowEnd: 0,
  windowEndBlock: 0,
};

function roundOf(job: JobState): RoundPart {
  const { cohort, seats } = job;
  const shown = cohort.map((_, position) => shownUpdate(job, position));
  return {
    cohort,
    seats,
    committedMask: job.committed,
    passedMask: job.passed,
    openedMask: job.opened,
    includedMask: job.included,
    updateRoots: shown.map(({ updateRoot }) => updateRoot),
    exampleCounts: shown.map(({ exampleCount }) => exampleCount),
    bitmaps: seats.map((_, seat) => job.bitmaps.get(seat) ?? 0n),
    liveSeats: job.live,
    firstSlot: job.firstSlot,
    slot: job.slot,
    includeHash: job.included === 0n ? ZERO_WORD : job.includeHash,
    aggregateRoot: standingRoot(job),
    attestedMask: job.attested,
    scoreCommittedMask: job.scoreCommitted,
    scoreOpenedMask: job.scoreOpened,
    openDemands: job.openDemands,
    windowEnd: job.windowEnd,
    windowEndBlock: job.windowEndBlock,
  };
}

const NOTHING = { updateRoot: ZERO_WORD, exampleCount: 0 } as const;

/** Until Share ends what was opened or committed, then what counts. */
function shownUpdate(job: JobState, position: number): { readonly updateRoot: Hex; readonly exampleCount: number } {
  const commit = job.commits.get(position);
  const isOpen = job.phase === "commit" || job.phase === "share";
  if (commit === undefined || !hasBit(isOpen ? job.committed : job.included, position)) return NOTHING;
  return commit.opened ?? { updateRoot: topBytes(commit.commitment), exampleCount: 0 };
}

/** The 31 bytes of a commitment that the contract keeps, and a zero byte. */
export function topBytes(commitment: Hex): Hex {
  return `0x${commitment.slice(2, 64)}00`;
}
