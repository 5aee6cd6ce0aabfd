import { messageOf, PacelineError } from "../core/errors.ts";

/** From what tells least to what tells most: each level has the lines of those before it. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * What a daemon tells its operator: one line an event, for people or for programs. Nothing secret is ever passed in. Where the
 * lines go, and how long they are kept, is the system's business.
 */
export interface Log {
  /** @param text what people read; programs get `name` and `facts` */
  event(name: string, facts: Readonly<Record<string, unknown>>, text: string): void;
  /** What only who looks for a fault wants to know. */
  debug(name: string, facts: Readonly<Record<string, unknown>>, text: string): void;
  /** Something failed and will be tried again. The same problem is told at most every `REPEAT_SECONDS`. */
  problem(what: string, error: unknown): void;
  /** Something failed for good: somebody must look after it. */
  failure(what: string, error: unknown): void;
  /** The same log, each of whose lines has `facts`, and `prefix` for people. */
  with(facts: Readonly<Record<string, unknown>>, prefix: string): Log;
}

/** The log of a process, whose level can be changed while it runs. */
export interface RootLog extends Log {
  level(): LogLevel;
  setLevel(level: LogLevel): void;
}

const REPEAT_SECONDS = 30;
const MAX_REMEMBERED = 256;

export interface LogOptions {
  readonly json: boolean;
  readonly write: (line: string) => void;
  /** Seconds since the epoch. */
  readonly now: () => number;
  /** `info` by default. */
  readonly level?: LogLevel;
}

type Facts = Readonly<Record<string, unknown>>;
type Write = (level: LogLevel, name: string, facts: Facts, text: string) => void;

export function createLog({ json, write, now, level: first = "info" }: LogOptions): RootLog {
  let level = first;
  const writeLine: Write = (lineLevel, name, facts, text) => {
    if (LOG_LEVELS.indexOf(lineLevel) > LOG_LEVELS.indexOf(level)) return;
    const time = new Date(now() * 1000).toISOString();
    const line = json
      ? toLine({ time, level: lineLevel, event: name, ...facts })
      : `${time.slice(0, 19).replace("T", " ")}  ${oneLine(text)}`;
    write(line);
  };
  return {
    ...logOver(writeLine, now),
    level: () => level,
    setLevel: (next) => (level = next),
  };
}

function logOver(write: Write, now: () => number): Log {
  const repeats = new Repeats(now);
  return {
    event: (name, facts, text) => write("info", name, facts, text),
    debug: (name, facts, text) => write("debug", name, facts, text),
    failure(what, error) {
      const message = oneLine(messageOf(error));
      write("error", "failure", { what, code: codeOf(error), message }, `${what}: ${message}`);
    },
    problem(what, error) {
      const message = oneLine(messageOf(error));
      const suppressed = repeats.take(`${what} ${message}`);
      if (suppressed === undefined) return;
      const again = suppressed === 0 ? "" : ` (and ${suppressed} times since)`;
      write(
        "warn",
        "problem",
        { what, code: codeOf(error), message, repeats: suppressed },
        `${what}: ${message}${again}; trying again`,
      );
    },
    with: (facts, prefix) =>
      logOver((level, name, own, text) => write(level, name, { ...facts, ...own }, `${prefix}${text}`), now),
  };
}

/** How often each problem came since it was told. */
class Repeats {
  readonly #now: () => number;
  readonly #lastTold = new Map<string, { readonly at: number; suppressed: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns how often it was kept quiet since it was last told; undefined where it is to be kept quiet again */
  take(problem: string): number | undefined {
    const told = this.#lastTold.get(problem);
    if (told !== undefined && this.#now() - told.at < REPEAT_SECONDS) {
      told.suppressed++;
      return undefined;
    }
    if (this.#lastTold.size >= MAX_REMEMBERED) this.#lastTold.clear();
    this.#lastTold.set(problem, { at: this.#now(), suppressed: 0 });
    return told?.suppressed ?? 0;
  }
}

function codeOf(error: unknown): string {
  return error instanceof PacelineError ? error.code : "internal";
}

function toLine(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? each.toString() : each));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, 600);
}
