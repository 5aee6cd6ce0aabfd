import { PacelineError } from "../../core/errors.ts";
import { isAnswer, mayBeOtherwiseElsewhere } from "./refusals.ts";

/** What became of asking several endpoints the same. */
export type Outcome = { readonly answer: unknown } | { readonly problem: unknown };

export interface Turns {
  /** Indices of the endpoints, best first. */
  readonly order: readonly number[];
  readonly ask: (index: number) => Promise<unknown>;
  /** An answer that another endpoint may know better than. */
  readonly isNothing: (answer: unknown) => boolean;
  /** How long the next one waits for the one before it, in milliseconds; Infinity for its own end. */
  readonly patienceMs: number;
  /** Another one has answered while this one was silent for longer than that. */
  readonly onOutpaced: (index: number) => void;
}

/**
 * Asks one after the other until one answers: the next where one fails, and beside it where it is silent for long. An endpoint that takes
 * a question and hangs costs the patience, not its whole timeout, and phases are short.
 */
export function askInTurn({ order, ask, isNothing, patienceMs, onOutpaced }: Turns): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const waiting = [...order];
  const silent = new Set<number>();
  let last: Outcome | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;

  const end = (outcome: Outcome): void => {
    isOver = true;
    clearTimeout(timer);
    resolve(outcome);
  };
  const fail = (error: unknown): void => {
    if (isAnswer(error) && !mayBeOtherwiseElsewhere(error)) return end({ problem: error });
    if (last === undefined || ("problem" in last && !isAnswer(last.problem))) last = { problem: error };
  };
  const take = (answer: unknown): void => {
    if (isNothing(answer)) {
      last = { answer };
      return;
    }
    for (const index of silent) onOutpaced(index);
    end({ answer });
  };
  const next = (): void => {
    clearTimeout(timer);
    if (isOver) return;
    const index = waiting.shift();
    if (index === undefined) {
      if (asked === 0) end(last ?? { problem: noneLeft() });
      return;
    }
    asked++;
    const ended = (): void => {
      asked--;
      silent.delete(index);
    };
    ask(index)
      .then(
        (answer) => (ended(), isOver ? undefined : take(answer)),
        (error: unknown) => (ended(), isOver ? undefined : fail(error)),
      )
      .finally(next);
    if (waiting.length === 0 || patienceMs === Infinity) return;
    timer = setTimeout(() => {
      silent.add(index);
      next();
    }, patienceMs);
  };
  let asked = 0;
  next();
  return promise;
}

function noneLeft(): PacelineError {
  return new PacelineError("chain-unreachable", "no endpoint is left that could be asked");
}
