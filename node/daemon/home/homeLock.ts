import { rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { PacelineError } from "../../core/errors.ts";
import { isInUse } from "../../storage/diskError.ts";
import { isOwned, openStorage } from "../../storage/sqlite.ts";
import type { Storage } from "../../storage/storage.ts";
import { readTextFile, replaceFile } from "./files.ts";

/**
 * One daemon a home. Whoever has HOME/state.sqlite open is the one: SQLite locks the file, and the kernel takes the lock back when
 * the process ends, also by kill -9, so that no process id is ever compared. HOME/daemon.json only says who it is.
 */

const noteSchema = z.object({ pid: z.int().min(1), startedAt: z.string().max(64), api: z.string().max(64).nullable() });

/** The daemon that runs on a home. */
export type RunningDaemon = z.infer<typeof noteSchema>;

export interface HomeLock {
  /** What belongs to the daemon and not to one of its jobs. */
  readonly storage: Storage;
  /** Says where the daemon's API is reached, undefined for nowhere. */
  announce(api: string | undefined): void;
  release(): void;
}

const noteFile = (folder: string): string => join(folder, "daemon.json");

/** @throws PacelineError `storage-failed` naming the daemon that has the home */
export async function lockHome(folder: string): Promise<HomeLock> {
  const storage = await openOwn(folder);
  const startedAt = new Date().toISOString();
  const announce: HomeLock["announce"] = (api) =>
    replaceFile(noteFile(folder), `${JSON.stringify({ pid: process.pid, startedAt, api: api ?? null })}\n`);
  announce(undefined);
  return {
    storage,
    announce,
    release() {
      rmSync(noteFile(folder), { force: true });
      storage.close();
    },
  };
}

/** The daemon that has the home now; undefined for none. What it left when it was killed is not believed. */
export function runningDaemon(folder: string): RunningDaemon | undefined {
  return isOwned(folder) ? readNote(folder) : undefined;
}

async function openOwn(folder: string): Promise<Storage> {
  try {
    return await openStorage(folder);
  } catch (error) {
    if (!isInUse(error)) throw error;
    const note = readNote(folder);
    const who = note === undefined ? "another process" : `the daemon with pid ${note.pid}, since ${note.startedAt},`;
    throw new PacelineError(
      "storage-failed",
      `${who} runs on the home ${folder}, and two would sign against each other: stop that one first, or give another --home`,
      { ...note },
      error,
    );
  }
}

function readNote(folder: string): RunningDaemon | undefined {
  try {
    return noteSchema.safeParse(JSON.parse(readTextFile(noteFile(folder), "daemon's note"))).data;
  } catch {
    return undefined; // it is being written
  }
}
