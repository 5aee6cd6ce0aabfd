import type { JobTerms } from "../core/jobTerms.ts";
import { fullMask, PHASES, type Member, type RoundView } from "../core/roundView.ts";
import type { Demand } from "./state.ts";

/**
 * What every view of a job has, whatever stands in it. An endpoint may be broken, lie, or tell of other contracts: what is out of these
 * bounds is nothing that a peer could act upon, and nothing that it should have to.
 */

const COUNTS = ["round", "phaseStart", "phaseStartBlock", "blockTime", "blockNumber", "openDemands"] as const;
const MORE_COUNTS = ["firstSlot", "slot", "windowEnd", "windowEndBlock"] as const;
const WORDS = ["seed", "modelId", "includeHash", "aggregateRoot"] as const;
const BY_POSITION = ["committedMask", "passedMask", "openedMask", "includedMask"] as const;
const BY_SEAT = ["liveSeats", "attestedMask", "scoreCommittedMask", "scoreOpenedMask"] as const;

export interface Seen {
  readonly view: RoundView;
  readonly members: readonly Member[];
  readonly demands: readonly Demand[];
}

/** @returns what is wrong with it; undefined where nothing is */
export function flawOf({ view, members, demands }: Seen, terms: JobTerms): string | undefined {
  if (!PHASES.includes(view.phase)) return "a phase that there is not";
  const count = [...COUNTS, ...MORE_COUNTS].find((name) => !isCount(view[name]));
  if (count !== undefined) return `${count} is ${String(view[count])}`;
  if (view.round > terms.rounds) return `round ${view.round} of ${terms.rounds}`;
  const word = WORDS.find((name) => !isWord(view[name]));
  if (word !== undefined) return `${word} is no hash`;
  if (!Array.isArray(members) || !Array.isArray(demands)) return "no list of members or demands";
  const { cohort, seats } = view;
  if (!areMembers(cohort, members, terms.cohortSize)) return `a cohort of ${String(cohort)}`;
  if (!areMembers(seats, members, terms.committeeSize)) return `a committee of ${String(seats)}`;
  const mask =
    BY_POSITION.find((name) => !isMask(view[name], cohort.length)) ??
    BY_SEAT.find((name) => !isMask(view[name], seats.length));
  if (mask !== undefined) return `${mask} is ${String(view[mask])}`;
  return flawInLists(view);
}

function flawInLists({ bitmaps, cohort, exampleCounts, seats, updateRoots }: RoundView): string | undefined {
  if (!Array.isArray(bitmaps) || bitmaps.length < seats.length) return "fewer bitmaps than seats";
  if (!bitmaps.every((bits) => isMask(bits, cohort.length))) return "a bitmap of more than the cohort";
  if (!Array.isArray(updateRoots) || updateRoots.length < cohort.length) return "fewer updates than the cohort";
  if (!updateRoots.every(isWord)) return "an update's root that is no hash";
  if (!Array.isArray(exampleCounts) || exampleCounts.length < cohort.length) return "fewer counts than the cohort";
  return exampleCounts.every(isCount) ? undefined : "a count of examples that is none";
}

/** Different ones, and not more than the terms allow. */
function areMembers(ids: unknown, members: readonly Member[], most: number): boolean {
  if (!Array.isArray(ids) || ids.length > most || new Set(ids).size !== ids.length) return false;
  return ids.every((id: unknown) => isCount(id) && (id as number) < members.length);
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isWord(value: unknown): boolean {
  return typeof value === "string" && value.length === 66 && value.startsWith("0x");
}

function isMask(value: unknown, bits: number): boolean {
  return typeof value === "bigint" && value >= 0n && value <= fullMask(bits);
}
