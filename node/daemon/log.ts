import { messageOf, PacelineError } from "../core/errors.ts";

/** What a daemon tells its operator: one line an event, for people or for programs. Nothing secret is ever passed in. */
export interface Log {
  /** @param text what people read; programs get `name` and `facts` */
  event(name: string, facts: Readonly<Record<string, unknown>>, text: string): void;
  /** Something failed and will be tried again. The same problem is told at most every `REPEAT_SECONDS`. */
  problem(what: string, error: unknown): void;
}

const REPEAT_SECONDS = 30;
const MAX_REMEMBERED = 256;

export interface LogOptions {
  readonly json: boolean;
  readonly write: (line: string) => void;
  /** Seconds since the epoch. */
  readonly now: () => number;
}

export function createLog({ json, write, now }: LogOptions): Log {
  const lastTold = new Map<string, { readonly at: number; readonly suppressed: number }>();

  const event: Log["event"] = (name, facts, text) => {
    const time = new Date(now() * 1000).toISOString();
    write(json ? toLine({ time, event: name, ...facts }) : `${time.slice(0, 19).replace("T", " ")}  ${oneLine(text)}`);
  };

  return {
    event,
    problem(what, error) {
      const message = oneLine(messageOf(error));
      const key = `${what} ${message}`;
      const told = lastTold.get(key);
      if (told !== undefined && now() - told.at < REPEAT_SECONDS) {
        lastTold.set(key, { ...told, suppressed: told.suppressed + 1 });
        return;
      }
      if (lastTold.size >= MAX_REMEMBERED) lastTold.clear();
      lastTold.set(key, { at: now(), suppressed: 0 });
      const code = error instanceof PacelineError ? error.code : "internal";
      const again = told === undefined || told.suppressed === 0 ? "" : ` (and ${told.suppressed} times since)`;
      event(
        "problem",
        { what, code, message, repeats: told?.suppressed ?? 0 },
        `${what}: ${message}${again}; trying again`,
      );
    },
  };
}

function toLine(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? each.toString() : each));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, 600);
}
