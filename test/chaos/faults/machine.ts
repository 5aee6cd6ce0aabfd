import { rmSync, writeSync, openSync, closeSync } from "node:fs";
import { join } from "node:path";
import type { Fault } from "../fault.ts";
import { CLOCK_AHEAD_SECONDS, mountAbsence, type Ground } from "../ground.ts";

const DISK_MEMBERS = [0, 1];
/** A daemon keeps 64 MiB in reserve and refuses blobs before that. */
const DISK_MEGABYTES = 96;
const FULL_SECONDS = 15;
const PIECE = new Uint8Array(64 * 1024);

/** Writes until not a byte fits any more. */
function fill(file: string): void {
  const descriptor = openSync(file, "w", 0o600);
  try {
    for (;;) writeSync(descriptor, PIECE); // a short write takes the rest
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    closeSync(descriptor);
  }
}

const ballastOf = (ground: Ground, member: number): string => join(ground.federation.homeOf(member), "ballast");

export const fullDisk: Fault = {
  name: "full disk",
  what: `nothing fits on the disks of two daemons for ${FULL_SECONDS} s`,
  needs: { disks: { members: DISK_MEMBERS, megabytes: DISK_MEGABYTES } },
  absence: mountAbsence,
  async strike({ ground }) {
    for (const member of DISK_MEMBERS) fill(ballastOf(ground, member));
    return {
      members: DISK_MEMBERS,
      seconds: FULL_SECONDS,
      heal: async () => {
        for (const member of DISK_MEMBERS) rmSync(ballastOf(ground, member));
      },
    };
  },
};

export const wrongClock: Fault = {
  name: "wrong clock",
  what: `the clock of the first seat's daemon jumps ${CLOCK_AHEAD_SECONDS / 60} minutes ahead, and back after the round`,
  needs: { clocks: true },
  async strike({ ground, victim }) {
    ground.daemons[victim]!.signal("SIGUSR2");
    return { members: [victim], heal: async () => ground.daemons[victim]!.signal("SIGUSR2") };
  },
};
