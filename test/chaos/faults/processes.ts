import type { Fault } from "../fault.ts";
import type { Ground } from "../ground.ts";

/** Longest that a daemon may take to be there again, in seconds, on a busy machine. */
const START_SECONDS = 60;

const started = (ground: Ground, member: number): Promise<unknown> =>
  ground.until(member, "start", ({ event }) => event === "started", START_SECONDS);

async function restart(ground: Ground, members: readonly number[]): Promise<void> {
  for (const member of members) ground.start(member);
  await Promise.all(members.map((member) => started(ground, member)));
}

/** The process is gone at one instruction, and a new one goes on from its disk. */
export const kill: Fault = {
  name: "kill",
  what: "SIGKILL of the first seat's daemon, started again at once",
  needs: {},
  async strike({ ground, victim }) {
    await ground.kill(victim);
    ground.start(victim);
    return { members: [victim], heal: async () => void (await started(ground, victim)) };
  },
};

export const PAUSE_SECONDS = 30;

/** The process stands still and does not know it; its connections stay. */
export const pause: Fault = {
  name: "pause",
  what: `SIGSTOP of the first seat's daemon for ${PAUSE_SECONDS} s`,
  needs: {},
  async strike({ ground, victim }) {
    ground.daemons[victim]!.signal("SIGSTOP");
    return {
      members: [victim],
      seconds: PAUSE_SECONDS,
      heal: async () => ground.daemons[victim]!.signal("SIGCONT"),
    };
  },
};

export const deadAggregator: Fault = {
  name: "dead aggregator",
  what: "SIGKILL of the first seat's daemon, which is away until the round is over",
  needs: {},
  async strike({ ground, victim }) {
    await ground.kill(victim);
    return { members: [victim], heal: () => restart(ground, [victim]) };
  },
};

export const deadHalf: Fault = {
  name: "dead half",
  what: "SIGKILL of every second seat's daemon at once, away until the round is over: no quorum is left",
  needs: {},
  async strike({ ground, round }) {
    const seats = ground.log.of("RoundDrawn", round)[0]?.seats ?? ground.daemons.map((_, member) => member);
    const members = seats.filter((member, seat) => seat % 2 === 0 && member < ground.size);
    await Promise.all(members.map((member) => ground.kill(member)));
    return { members, heal: () => restart(ground, members) };
  },
};
