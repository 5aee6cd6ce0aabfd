import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fitLine } from "./line.ts";

/** What a federation takes of its machine after a round. */
export interface Sample {
  readonly round: number;
  readonly residentMB: number;
  /** Alive after a full collection, with what lies outside the engine's heap; undefined for other processes. */
  readonly heapMB?: number;
  /** Timers, sockets, files and the like that keep a process awake; what is under way at the moment is left out. */
  readonly handles?: number;
  /** Open file descriptors. */
  readonly files: number;
  /** Of the largest home. */
  readonly homeMB: number;
}

export type Measure = Exclude<keyof Sample, "round">;

/** A measure's course after the warm-up, and whether it is flat enough. */
export interface Course {
  readonly measure: Measure;
  readonly first: number;
  readonly last: number;
  /** Of the line through the samples after the warm-up, for a hundred rounds. */
  readonly per100Rounds: number;
  /** Standard error of that. */
  readonly error: number;
  readonly bound: number;
  /** Whether it grows by no more than the bound, as far as the samples' noise lets one say (two standard errors). */
  readonly flat: boolean;
}

export const MEGABYTE = 2 ** 20;

/** Bytes of all files below a folder. */
export function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + sizeOf(join(parentPath, name)), 0);
}

/** Files come and go while they are counted. */
function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** @param bounds of the growth in a hundred rounds */
export function coursesOf(
  samples: readonly Sample[],
  warmUpRounds: number,
  bounds: Readonly<Partial<Record<Measure, number>>>,
): readonly Course[] {
  const warm = samples.filter(({ round }) => round > warmUpRounds);
  return (Object.keys(bounds) as Measure[]).map((measure) => {
    const points = warm.map((sample) => [sample.round, sample[measure] ?? 0] as const);
    const { slope, standardError } = fitLine(points);
    const [per100Rounds, error] = [100 * slope, 100 * standardError];
    const bound = bounds[measure]!;
    const [first, last] = [points[0]![1], points.at(-1)![1]];
    return { measure, first, last, per100Rounds, error, bound, flat: per100Rounds - 2 * error <= bound };
  });
}
