import { messageOf } from "../../node/core/errors.ts";
import { PHASES } from "../../node/core/roundView.ts";
import type { Hex } from "../../node/core/bytes.ts";
import type { ArgsOf } from "../e2e/jobLog.ts";
import type { Fault, StruckPhase } from "./fault.ts";
import type { Ground } from "./ground.ts";
import { moneyProblems } from "./money.ts";

/** How one fault in one phase ended. */
export interface Cell {
  readonly fault: string;
  readonly phase: StruckPhase;
  readonly round: number;
  readonly outcome: "settled" | "skipped" | "stuck";
  /** From the strike to the round's end. */
  readonly seconds: number;
  /** From the end of the fault to the end of the first round drawn after it. */
  readonly calmSeconds: number;
  /** Duties that members whom the fault struck have missed by it, and paid for. */
  readonly missed: readonly string[];
  /** What is not as it should be; none in a good cell. */
  readonly problems: readonly string[];
}

/** Longest wait for a quiet round to begin and to come to a phase, in seconds: on a busy machine everything is slow. */
const PATIENCE = 90;

/** Lets a fault strike in the next round's `phase`, and sees that it and the first round after the fault end as they should. */
export async function playCell(ground: Ground, fault: Fault, phase: StruckPhase): Promise<Cell> {
  const problems: string[] = [];
  const knownStrays = ground.strayLines().length;
  const round = await untilPhase(ground, phase);
  const struckAt = performance.now();
  const victim = ground.log.of("RoundDrawn", round)[0]?.seats.find((seat) => seat < ground.size) ?? round % ground.size;
  const struck = await fault.strike({ ground, phase, round, victim });
  const ending = ground.log.ended(round, ground.longestRound + PATIENCE).then(
    (outcome) => ({ outcome, seconds: secondsSince(struckAt) }),
    (error: unknown) => {
      problems.push(messageOf(error));
      return { outcome: "stuck" as const, seconds: secondsSince(struckAt) };
    },
  );
  await (struck.seconds === undefined ? ending : after(struck.seconds));
  await struck.heal();
  const healedAt = performance.now();
  const { outcome, seconds } = await ending;
  const calm = await calmRound(ground).catch((error: unknown) => void problems.push(messageOf(error)));
  const calmSeconds = secondsSince(healedAt);
  const slashes = slashesSince(ground, round);
  const isRight = (slash: Slashed): boolean => slash.round !== calm && struck.members.includes(slash.memberId);
  problems.push(...slashes.filter((slash) => !isRight(slash)).map(({ text }) => text));
  const missed = slashes.filter(isRight).map(({ text }) => text);
  if (calm !== undefined) problems.push(...(await disagreements(ground, calm)));
  problems.push(...(await moneyProblems(ground)), ...ground.surprises());
  problems.push(
    ...ground
      .strayLines()
      .slice(knownStrays)
      .map((line) => `stray line on stderr: ${line}`),
  );
  return { fault: fault.name, phase, round, outcome, seconds, calmSeconds, missed, problems };
}

const secondsSince = (start: number): number => (performance.now() - start) / 1000;

/** The fault's own time: the only thing here that is not an event. */
function after(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** The next round that enters `phase` from now on. */
async function untilPhase({ log, longestRound }: Ground, phase: StruckPhase): Promise<number> {
  const latest = log.all("PhaseEntered").at(-1)?.args.round ?? 0;
  const fits = (entered: ArgsOf<"PhaseEntered">): boolean => entered.round > latest && PHASES[entered.phase] === phase;
  return (await log.until("PhaseEntered", fits, longestRound + PATIENCE)).round;
}

/** The first round that is drawn after now; it must settle. */
async function calmRound({ log, longestRound }: Ground): Promise<number> {
  const latest = log.all("RoundDrawn").at(-1)?.args.round ?? 0;
  const { round } = await log.until("RoundDrawn", ({ round }) => round > latest, longestRound + PATIENCE);
  await log.settled(round, longestRound);
  return round;
}

interface Slashed {
  readonly memberId: number;
  readonly round: number;
  readonly text: string;
}

/** Stake that was taken from members. */
function slashesSince({ log }: Ground, from: number): readonly Slashed[] {
  const missed = log.all("MemberMissed").map(({ args: { memberId, round, phase } }) => {
    return { memberId, round, text: `member ${memberId} was slashed for its ${PHASES[phase]} of round ${round}` };
  });
  const faulted = log.all("MemberFaulted").map(({ args: { memberId, round } }) => {
    return { memberId, round, text: `member ${memberId} was held at fault in round ${round}` };
  });
  return [...missed, ...faulted].filter(({ round }) => round >= from);
}

/** Daemons that do not come to hold a model that the chain has settled on since the calm round. */
async function disagreements(ground: Ground, calm: number): Promise<readonly string[]> {
  const isSettled = (modelId: unknown): boolean =>
    ground.log.all("RoundSettled").some(({ args }) => args.round >= calm && args.modelId === (modelId as Hex));
  const looks = ground.daemons.map(async (_, member) => {
    await ground.until(
      member,
      "model of the chain",
      ({ event, modelId }) => event === "model" && isSettled(modelId),
      PATIENCE,
    );
  });
  const results = await Promise.allSettled(looks);
  return results.flatMap((result) => (result.status === "rejected" ? [String(result.reason)] : []));
}
