import type { JobState } from "../chain/memory/jobStorage.ts";
import { bitsOf, PHASES } from "../core/roundView.ts";
import { plain, valueAt, type EventMismatch } from "./compareEvents.ts";
import { holderOf, memberAt } from "./skipped.ts";

/** What a person calls the thing in which two logs differ. */

type Names = Pick<JobState, "cohort" | "seats" | "included" | "members">;

/** A mismatch in words. */
export interface Described {
  readonly item: string;
  readonly chain: string;
  readonly replay: string;
}

/** @param job after the transaction */
export function describeMismatch(job: Names, mismatch: EventMismatch): Described {
  const { chain, replay, path } = mismatch;
  const score = scoreMismatch(job, mismatch);
  if (score !== undefined) return score;
  return { item: itemOf(job, mismatch), chain: saidAs(chain, path), replay: saidAs(replay, path) };
}

/** The first score in which two vectors of one length differ. */
function scoreMismatch(job: Names, { chain, replay, path }: EventMismatch): Described | undefined {
  if (chain?.name !== "ScoreOpened" || path[0] !== "vector") return undefined;
  const [said, expected] = [chain.args["vector"], replay?.args["vector"]].map(plain) as [string, string];
  if (said.length !== expected.length) return undefined;
  const scores = (vector: string): string[] => vector.slice(2).match(/.{4}/g) ?? [];
  const index = scores(said).findIndex((score, at) => score !== scores(expected)[at]);
  const value = (vector: string): string => String(parseInt(scores(vector)[index] ?? "", 16));
  const item = `score that ${holderOf(job, Number(chain.args["seat"]))} gave ${included(job, index)}`;
  return { item, chain: value(said), replay: value(expected) };
}

function itemOf(job: Names, { chain, replay, path }: EventMismatch): string {
  const event = chain ?? replay!;
  if (path.length === 0) return whole(job, event.name, event.args);
  const [field, index] = path;
  const known = field === undefined ? undefined : PARTS[`${event.name}.${field}`];
  return (
    known?.(job, typeof index === "number" ? index : 0, event.args, path) ??
    `${path.join(".")} of ${whole(job, event.name, event.args)}`
  );
}

type Args = Readonly<Record<string, unknown>>;

/** Names of parts of events, by event and argument. */
const PARTS: Readonly<
  Record<string, (job: Names, index: number, args: Args, path: readonly (string | number)[]) => string>
> = {
  "RoundDrawn.seed": () => "seed",
  "RoundDrawn.cohort": (_, index) => `cohort, position ${index}`,
  "RoundDrawn.seats": (_, index) => `committee, seat ${index}`,
  "IncludeSetFixed.includedMask": () => "include set",
  "IncludeSetFixed.includeHash": () => "hash of the include set",
  "IncludeSetFixed.updates": (job, index, _, [, , field]) =>
    `${field === "exampleCount" ? "example count" : field === "updateRoot" ? "update root" : "include order"} of ${included(job, index)}`,
  "Proposed.aggregateRoot": () => "root of the proposed aggregate",
  "Attested.attestedMask": () => "attestations",
  "ScoreCommitted.commitment": (job, _, { seat }) => `score commitment of ${holderOf(job, Number(seat))}`,
  "ScoreOpened.vector": (job, _, { seat }) => `score vector of ${holderOf(job, Number(seat))}`,
  "RoundSettled.modelId": () => "modelId",
  "RoundSettled.record": (_job, _index, _args, path) => `record's ${path.slice(1).join(" ")}`,
  "RoundSettled.scores": (job, index) => `score of ${included(job, index)}`,
  "RoundSettled.contributorsPay": (job, index) => `pay of ${included(job, index)} for its update`,
  "RoundSettled.judgesPay": (job, index) => `pay of ${holderOf(job, index)}`,
  "RoundSettled.paid": () => "sum of the round's pay",
  "Credited.amount": (_job, _index, { account }) => `credit of ${plain(account)}`,
  "Refunded.amount": () => "refund of the sponsor",
  "JobEnded.refunded": () => "refund of the sponsor",
  "StakeSlashed.taken": (job, _, { wallet }) => `stake taken of ${member(job, wallet)}`,
  "MemberMissed.taken": (_job, _index, { memberId }) => `stake taken of member ${plain(memberId)}`,
  "MemberFaulted.taken": (_job, _index, { memberId }) => `stake taken of member ${plain(memberId)}`,
};

/** An event as a whole. */
function whole(job: Names, name: string, args: Args): string {
  const { memberId, seat, wallet, account, phase } = args;
  if (name === "PhaseEntered") return `start of ${phaseName(phase)}`;
  if (name === "IncludeSetFixed") return "include set";
  if (name === "RoundDrawn") return "draw";
  if (name === "RoundSettled") return "settlement";
  if (name === "RoundSkipped") return "end of the round, skipped";
  if (name === "Attested") return "attestations";
  if (name === "Proposed") return `proposal of ${holderOf(job, Number(args["slot"]))}`;
  if (name === "ScoreOpened") return `score vector of ${holderOf(job, Number(seat))}`;
  if (name === "ScoreCommitted") return `score commitment of ${holderOf(job, Number(seat))}`;
  const words = name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  if (memberId !== undefined) return `${words} of member ${plain(memberId)}`;
  if (wallet !== undefined) return `${words} of ${member(job, wallet)}`;
  return account === undefined ? words : `${words} of ${plain(account)}`;
}

/** An event, as one of two things that were said. */
function saidAs(event: EventMismatch["chain"], path: EventMismatch["path"]): string {
  if (event === undefined) return "nothing";
  if (path.length > 0) return plain(valueAt(event.args, path));
  const values = Object.entries(event.args).map(
    ([key, value]) => `${key} ${key === "phase" ? phaseName(value) : plain(value)}`,
  );
  const text = `${event.name}(${values.join(", ")})`;
  return text.length > MAX_SAID ? `${text.slice(0, MAX_SAID)}…` : text;
}

const MAX_SAID = 300;

function phaseName(phase: unknown): string {
  return PHASES[Number(phase)] ?? plain(phase);
}

function included(job: Names, index: number): string {
  const position = bitsOf(job.included)[index];
  return position === undefined ? `update ${index}, which there is not` : memberAt(job, position);
}

function member({ members }: Names, wallet: unknown): string {
  const id = members.findIndex((each) => each.wallet === plain(wallet));
  return id < 0 ? plain(wallet) : `member ${id}`;
}
