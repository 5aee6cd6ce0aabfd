import { ZERO_WORD, type Address, type Hex } from "../../core/bytes.ts";
import type { JobDomain } from "../../core/encoding.ts";
import type { JobTerms } from "../../core/jobTerms.ts";
import { hasBit, type Member, type Phase, type RoundView } from "../../core/roundView.ts";
import { firstSeed } from "../../core/sortition.ts";
import type { RoundOutcome, Slash } from "../chain.ts";
import type { Block } from "./block.ts";
import type { Ledgers } from "./ledgers.ts";
import type { MemoryRegistry } from "./registry.ts";

/** What `contracts/job/JobStorage.sol` keeps, as plain fields. Written by the modules beside this one only. */

export type MemberRecord = { -readonly [Field in keyof Member]: Member[Field] } & {
  /** Has left the draws; its stake unbonds. */
  gone: boolean;
};

export interface CommitRecord {
  readonly commitment: Hex;
  /** Earlier commits of the round. */
  readonly ordinal: number;
  /** Once opened. */
  opened: { readonly updateRoot: Hex; readonly exampleCount: number } | undefined;
}

export interface JobState {
  readonly domain: JobDomain;
  readonly terms: JobTerms;
  readonly registry: MemoryRegistry;
  readonly ledgers: Ledgers;

  phase: Phase;
  round: number;
  phaseStart: number;
  phaseStartBlock: number;

  seed: Hex;
  modelId: Hex;
  saltSum: bigint;
  entropyBlock: number;
  entropy: Hex | undefined;

  readonly members: MemberRecord[];
  /** Member ids, those barred from seats at the tail. */
  readonly candidates: number[];
  /** Candidates in front that are not barred. */
  eligible: number;
  /** Changes that wait for the next close of commits. */
  readonly queue: { readonly kind: "join" | "leave" | "bar"; readonly memberId: number }[];

  cohort: readonly number[];
  seats: readonly number[];
  /** Masks by position. */
  committed: bigint;
  opened: bigint;
  included: bigint;
  /** Masks by seat. */
  live: bigint;
  attested: bigint;
  scoreCommitted: bigint;
  scoreOpened: bigint;
  firstSlot: number;
  slot: number;
  includeHash: Hex;
  aggregateRoot: Hex;
  /** By position. */
  readonly commits: Map<number, CommitRecord>;
  /** By seat. */
  readonly bitmaps: Map<number, bigint>;
  readonly scoreCommits: Map<number, Hex>;
  /** Undefined for an abstention. */
  readonly vectors: Map<number, readonly number[] | undefined>;
  /** Who made the round's five transitions. */
  readonly keepers: Address[];

  readonly roundRecords: Map<number, Hex>;
  readonly outcomes: RoundOutcome[];
  readonly slashes: Slash[];
}

export function newJob(domain: JobDomain, terms: JobTerms, registry: MemoryRegistry, ledgers: Ledgers): JobState {
  return {
    domain,
    terms,
    registry,
    ledgers,
    phase: "joining",
    round: 0,
    phaseStart: 0,
    phaseStartBlock: 0,
    seed: firstSeed(domain.chainId, domain.job, terms.genesisHash),
    modelId: terms.genesisHash,
    saltSum: 0n,
    entropyBlock: 0,
    entropy: undefined,
    members: [],
    candidates: [],
    eligible: 0,
    queue: [],
    cohort: [],
    seats: [],
    committed: 0n,
    opened: 0n,
    included: 0n,
    live: 0n,
    attested: 0n,
    scoreCommitted: 0n,
    scoreOpened: 0n,
    firstSlot: 0,
    slot: 0,
    includeHash: ZERO_WORD,
    aggregateRoot: ZERO_WORD,
    commits: new Map(),
    bitmaps: new Map(),
    scoreCommits: new Map(),
    vectors: new Map(),
    keepers: [],
    roundRecords: new Map(),
    outcomes: [],
    slashes: [],
  };
}

export function enter(job: JobState, phase: Phase, block: Block): void {
  job.phase = phase;
  job.phaseStart = block.time;
  job.phaseStartBlock = block.number;
}

export function hasEnded(phase: Phase): boolean {
  return phase === "finished" || phase === "failed";
}

export function memberOfSeat(job: JobState, seat: number): MemberRecord {
  return job.members[job.seats[seat]!]!;
}

export function memberAtPosition(job: JobState, position: number): MemberRecord {
  return job.members[job.cohort[position]!]!;
}

/** Cohort position of a seat's holder, −1 where it does not train in this round. */
export function positionOfSeat(job: JobState, seat: number): number {
  return job.cohort.indexOf(job.seats[seat]!);
}

/** The root that can be proven wrong or is being settled; the zero word without one. */
export function standingRoot({ phase, aggregateRoot }: JobState): Hex {
  return phase === "challenge" || phase === "score" ? aggregateRoot : ZERO_WORD;
}

/** `roundView()`, in the block in which it is read. */
export function viewOf(job: JobState, block: { readonly number: number; readonly time: number }): RoundView {
  const { phase, round, phaseStart, phaseStartBlock, seed, modelId, cohort, seats } = job;
  return {
    phase,
    round,
    phaseStart,
    phaseStartBlock,
    blockTime: block.time,
    blockNumber: block.number,
    seed,
    modelId,
    cohort,
    seats,
    committedMask: job.committed,
    openedMask: job.opened,
    includedMask: job.included,
    updateRoots: cohort.map((_, position) => shownRoot(job, position)),
    exampleCounts: cohort.map((_, position) => job.commits.get(position)?.opened?.exampleCount ?? 0),
    bitmaps: seats.map((_, seat) => job.bitmaps.get(seat) ?? 0n),
    liveSeats: job.live,
    firstSlot: job.firstSlot,
    slot: job.slot,
    includeHash: job.included === 0n ? ZERO_WORD : job.includeHash,
    aggregateRoot: standingRoot(job),
    attestedMask: job.attested,
    scoreCommittedMask: job.scoreCommitted,
    scoreOpenedMask: job.scoreOpened,
  };
}

/** The root once opened; before that the commitment, its low byte cleared, as the contract keeps it. */
function shownRoot({ committed, commits }: JobState, position: number): Hex {
  const commit = commits.get(position);
  if (commit === undefined || !hasBit(committed, position)) return ZERO_WORD;
  return commit.opened?.updateRoot ?? topBytes(commit.commitment);
}

/** The 31 bytes of a commitment that the contract keeps, and a zero byte. */
export function topBytes(commitment: Hex): Hex {
  return `0x${commitment.slice(2, 64)}00`;
}
