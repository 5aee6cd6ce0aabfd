/** Errors that nobody caught. For a command they are its end; a daemon that others rely on goes on. */

export type UnforeseenHandler = (error: unknown) => void;

let handler: UnforeseenHandler | undefined;

/** @param first what is done until something else is wanted */
export function watchUnforeseen(first: UnforeseenHandler): void {
  handler = first;
  process.on("uncaughtException", (error) => handler?.(error));
  process.on("unhandledRejection", (error) => handler?.(error));
}

/** How many within how long, in milliseconds, are no accidents any more. */
const TOO_MANY = 20;
const WITHIN_MS = 60_000;

/**
 * From now on `tell` hears of them and the process goes on: its state is on the disk and does not depend on what failed. When they
 * do not stop, it ends as a command would, for whoever starts it again.
 */
export function surviveUnforeseen(tell: UnforeseenHandler, now: () => number = () => performance.now()): void {
  const end = handler;
  let recent: number[] = [];
  handler = (error) => {
    recent = [...recent.filter((at) => now() - at < WITHIN_MS), now()];
    tell(error);
    if (recent.length > TOO_MANY) end?.(error);
  };
}
