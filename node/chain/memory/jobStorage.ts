import { ZERO_WORD, type Address, type Hex } from "../../core/bytes.ts";
import type { JobDomain, RoundRecord } from "../../core/encoding.ts";
import type { JobTerms } from "../../core/jobTerms.ts";
import { PHASES, type Phase } from "../../core/roundView.ts";
import type { RoundOutcome, Slash } from "../chain.ts";
import { revert } from "./block.ts";
import { newDocket, type Docket } from "./docket.ts";
import type { ArgsOf, EventLog, JobEventName } from "./eventLog.ts";
import type { Ledgers } from "./ledgers.ts";
import type { Operators } from "./registry.ts";
import type { Undo } from "./mark.ts";

/** What `contracts/job/JobStorage.sol` keeps, as plain fields. Written by the modules beside this one only. */

export interface MemberRecord {
  readonly wallet: Address;
  operator: Address;
  /** After a rotation. */
  next: { readonly operator: Address; readonly fromRound: number } | undefined;
  trailingScore: number;
  /** 0 where it is not suspended. */
  suspendedUntil: number;
  credit: bigint;
  active: boolean;
  ejected: boolean;
  /** Has left the draws; its stake unbonds. */
  gone: boolean;
}

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
  readonly sponsor: Address;
  readonly registry: Operators;
  readonly ledgers: Ledgers;
  readonly log: EventLog;
  /** What the Court keeps of the job. */
  readonly docket: Docket;

  phase: Phase;
  round: number;
  phaseStart: number;
  phaseStartBlock: number;

  /** The zero word before the first draw. */
  seed: Hex;
  modelId: Hex;
  saltSum: bigint;
  entropyBlock: number;
  /** Undefined until somebody has recorded it. */
  entropyRecorded: boolean;

  readonly members: MemberRecord[];
  /** In draws, by member id. */
  readonly weights: number[];
  /** Member ids, oldest first; each at most once in each. */
  readonly departures: number[];
  readonly arrivals: number[];

  cohort: readonly number[];
  seats: readonly number[];
  /** Masks by position. */
  committed: bigint;
  passed: bigint;
  opened: bigint;
  included: bigint;
  /** Masks by seat. */
  live: bigint;
  attested: bigint;
  scoreCommitted: bigint;
  scoreOpened: bigint;
  firstSlot: number;
  slot: number;
  openDemands: number;
  windowEnd: number;
  windowEndBlock: number;
  includeHash: Hex;
  aggregateRoot: Hex;
  /** By position. */
  readonly commits: Map<number, CommitRecord>;
  /** By seat. */
  readonly bitmaps: Map<number, bigint>;
  readonly scoreCommits: Map<number, Hex>;
  /** Undefined for an abstention. */
  readonly vectors: Map<number, readonly number[] | undefined>;
  /** Who made the round's transitions but the last. */
  readonly keepers: Address[];

  /** Of settled rounds that nobody has proven wrong. */
  readonly records: Map<number, RoundRecord>;
  /** The log. */
  readonly outcomes: RoundOutcome[];
  readonly slashes: Slash[];
  withheld: readonly number[];
}

/** Whose stake is given to nobody signs for nobody. */
export const ZERO_ADDRESS: Address = `0x${"00".repeat(20)}`;

export function newJob(
  parts: Pick<JobState, "domain" | "terms" | "sponsor" | "registry" | "ledgers" | "log">,
): JobState {
  return {
    ...parts,
    docket: newDocket(),
    phase: "joining",
    round: 0,
    phaseStart: 0,
    phaseStartBlock: 0,
    seed: ZERO_WORD,
    modelId: parts.terms.genesisHash,
    saltSum: 0n,
    entropyBlock: 0,
    entropyRecorded: false,
    members: [],
    weights: [],
    departures: [],
    arrivals: [],
    cohort: [],
    seats: [],
    committed: 0n,
    passed: 0n,
    opened: 0n,
    included: 0n,
    live: 0n,
    attested: 0n,
    scoreCommitted: 0n,
    scoreOpened: 0n,
    firstSlot: 0,
    slot: 0,
    openDemands: 0,
    windowEnd: 0,
    windowEndBlock: 0,
    includeHash: ZERO_WORD,
    aggregateRoot: ZERO_WORD,
    commits: new Map(),
    bitmaps: new Map(),
    scoreCommits: new Map(),
    vectors: new Map(),
    keepers: [],
    records: new Map(),
    outcomes: [],
    slashes: [],
    withheld: [],
  };
}

/** What the contract says. */
export function emit<Name extends JobEventName>({ domain, log }: JobState, name: Name, args: ArgsOf<Name>): void {
  log.emit(domain.job, name, args);
}

export function hasEnded(phase: Phase): boolean {
  return phase === "finished" || phase === "failed";
}

export function wrongPhase({ phase }: JobState): never {
  return revert("WrongPhase", PHASES.indexOf(phase));
}

/** The operator that signs for a member in the running round. */
export function operatorOf({ members, round }: JobState, memberId: number): Address {
  const { operator, next } = members[memberId]!;
  return next !== undefined && round >= next.fromRound ? next.operator : operator;
}

export function operatorOfSeat(job: JobState, seat: number): Address {
  return operatorOf(job, job.seats[seat]!);
}

/** Cohort position of a seat's holder, −1 where it does not train in this round. */
export function positionOfSeat(job: JobState, seat: number): number {
  return job.cohort.indexOf(job.seats[seat]!);
}

/** Joining and Draw are of no round yet. */
export function isBetweenRounds({ phase }: JobState): boolean {
  return phase === "joining" || phase === "draw";
}

/** Whether a member trains or sits in the running round. */
export function isDrawn(job: JobState, memberId: number): boolean {
  if (isBetweenRounds(job) || hasEnded(job.phase)) return false;
  return job.cohort.includes(memberId) || job.seats.includes(memberId);
}

/** The sum of the members' credits. */
export function owed({ members }: JobState): bigint {
  return members.reduce((sum, { credit }) => sum + credit, 0n);
}

/** A job's storage; what it shares with other jobs is marked elsewhere. */
export function markJob(state: JobState): Undo {
  const { registry, ledgers, log, ...own } = state;
  const kept = structuredClone(own);
  return () => void Object.assign(state, kept, { registry, ledgers, log });
}
