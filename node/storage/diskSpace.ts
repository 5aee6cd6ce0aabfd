import { PacelineError } from "../core/errors.ts";

/** Never filled with blobs, so that SQLite can still write down what was promised, and the log what went wrong. */
export const RESERVE_BYTES = 64 * 1024 * 1024;

/** @throws PacelineError `disk-full` unless `needed` bytes fit beside the reserve */
export function requireRoom(folder: string, free: number, needed: number, reserve: number): void {
  if (free >= needed + reserve) return;
  throw new PacelineError(
    "disk-full",
    `the disk of ${folder} is full: ${megabytes(needed)} are needed beside ${megabytes(reserve)} kept in reserve, ${megabytes(free)} are free; free some space`,
    { folder, freeBytes: free, neededBytes: needed, reserveBytes: reserve },
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toLocaleString("en-US", { maximumSignificantDigits: 3 })} MB`;
}
