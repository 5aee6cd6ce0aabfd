import { messageOf, PacelineError } from "../core/errors.ts";

/** What to tell the participant, by the operating system's code or by SQLite's primary result code. */
const REASONS: Readonly<Record<string | number, string>> = {
  ENOSPC: "the disk is full: free some space",
  EDQUOT: "the disk quota is used up: free some space",
  EACCES: "permission denied: the folder must be readable and writable by this user",
  EPERM: "permission denied: the folder must be readable and writable by this user",
  EROFS: "the file system is read-only",
  ENOTDIR: "a part of the path is a file, not a folder",
  EMFILE: "too many open files: raise the limit (ulimit -n)",
  EIO: "the disk reports an error",
  5: "the database is in use by another process: is the daemon already running?",
  8: "the database is read-only: the folder must be writable by this user",
  10: "the disk reports an error",
  11: "the database is damaged: restore state.sqlite from a backup, or remove it to start anew",
  13: "the disk is full: free some space",
  14: "the database cannot be opened: the folder must be readable and writable by this user",
  26: "state.sqlite is no SQLite database: was another file put in its place?",
};

/** Whether another process has the database. */
export function isInUse(error: unknown): boolean {
  const reason = error instanceof PacelineError ? error.facts["reason"] : undefined;
  return typeof reason === "number" && (reason & 0xff) === 5;
}

/** Of the above, those that say that there is no room. */
const FULL = new Set<string | number>(["ENOSPC", "EDQUOT", 13]);

/** Runs `work` and turns what the disk throws into PacelineError `disk-full` or `storage-failed`. */
export function onDisk<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw diskError(path, error);
  }
}

export function diskError(path: string, error: unknown): PacelineError {
  if (error instanceof PacelineError) return error;
  const { code, errcode } = error as { code?: string; errcode?: number };
  // SQLite's extended codes carry the primary code in their low byte.
  const key = errcode === undefined ? (code ?? "") : errcode & 0xff;
  const reason = REASONS[key] ?? messageOf(error);
  const kind = FULL.has(key) ? "disk-full" : "storage-failed";
  return new PacelineError(kind, `cannot use ${path}: ${reason}`, { path, reason: errcode ?? code }, error);
}
