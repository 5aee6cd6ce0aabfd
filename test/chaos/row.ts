import { messageOf } from "../../node/core/errors.ts";
import { playCell, type Cell } from "./cell.ts";
import type { Fault, StruckPhase } from "./fault.ts";
import { Ground } from "./ground.ts";

/** One fault in each phase, on a federation of its own. */
export interface Row {
  readonly fault: string;
  readonly what: string;
  /** Why it was not played. */
  readonly absence?: string;
  readonly cells: readonly Cell[];
  /** What is wrong and belongs to no cell. */
  readonly problems: readonly string[];
}

/** On a busy machine daemons start one after the other, and the first rounds lack some. */
const START_SECONDS = 300;
/** Rounds within which everybody must be back, after the last fault. */
const ROUNDS_TO_RECOVER = 6;

export interface RowOptions {
  readonly phases: readonly StruckPhase[];
  /** Daemons. */
  readonly size: number;
  readonly onCell?: (cell: Cell) => void;
  /** Processes run from here on. */
  readonly onOpen?: (ground: Ground) => void;
  /** What each daemon told, one line an event; those that were killed are told of from their last start on. */
  readonly onStories?: (stories: readonly string[]) => void;
}

export async function playRow(fault: Fault, { phases, size, onOpen, onCell, onStories }: RowOptions): Promise<Row> {
  const { name, what } = fault;
  const absence = fault.absence?.();
  if (absence !== undefined) return { fault: name, what, absence, cells: [], problems: [] };
  const cells: Cell[] = [];
  const problems: string[] = [];
  let ground: Ground | undefined;
  try {
    ground = await Ground.open(size, fault.needs);
    onOpen?.(ground);
    await everybodyThere(ground);
    for (const phase of phases) {
      const cell = await playCell(ground, fault, phase);
      cells.push(cell);
      onCell?.(cell);
      if (cell.outcome === "stuck") break;
    }
    await everybodyBack(ground);
  } catch (error) {
    problems.push(messageOf(error));
  } finally {
    if (ground !== undefined) onStories?.(ground.stories());
    await ground?.close();
  }
  return { fault: name, what, cells, problems };
}

/** Resolves when a round that includes everybody has ended. A daemon that cannot start is told of at once. */
async function everybodyThere(ground: Ground): Promise<void> {
  const { log, daemons, longestRound } = ground;
  const ending = daemons.map(async (daemon, member) => {
    await daemon.ended;
    throw new Error(`the daemon of member ${member} ended before a round had everybody's update:\n${daemon.tail()}`);
  });
  const round = await Promise.race([completeRound(ground, 0, START_SECONDS), ...ending]);
  await log.ended(round, longestRound);
}

/** Resolves when a round includes an update of each of our daemons. */
async function everybodyBack(ground: Ground): Promise<void> {
  const latest = ground.log.all("RoundDrawn").at(-1)?.args.round ?? 0;
  await completeRound(ground, latest, Math.min(180, ROUNDS_TO_RECOVER * ground.longestRound));
}

/** The first round after `latest` that includes an update of each of our daemons. */
async function completeRound({ log, size }: Ground, latest: number, seconds: number): Promise<number> {
  const isComplete = ({ round, updates }: { round: number; updates: readonly { memberId: number }[] }): boolean =>
    round > latest && updates.filter(({ memberId }) => memberId < size).length === size;
  return (await log.until("IncludeSetFixed", isComplete, seconds)).round;
}
