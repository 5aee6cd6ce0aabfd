import { messageOf, PacelineError } from "../core/errors.ts";
import { atMost } from "./time/deadline.ts";
import type { Log } from "./log.ts";

/** Longest that one step may take, in seconds; a participant's takes most. */
const STEP_SECONDS = 10;

/** What has to be undone at the end, the last first. A step that fails or hangs holds up none of the others. */
export class CleanUp {
  readonly #log: Log;
  readonly #stepSeconds: number;
  readonly #steps: { readonly what: string; readonly undo: () => unknown }[] = [];

  constructor(log: Log, stepSeconds = STEP_SECONDS) {
    this.#log = log;
    this.#stepSeconds = stepSeconds;
  }

  /** @param what is undone, for the log */
  add(what: string, undo: () => unknown): void {
    this.#steps.push({ what, undo });
  }

  /** Never throws: what fails is told. */
  async run(): Promise<void> {
    for (const { what, undo } of this.#steps.splice(0).reverse()) await this.#step(what, undo);
  }

  async #step(what: string, undo: () => unknown): Promise<void> {
    let over = false;
    const done = Promise.resolve()
      .then(undo)
      .catch((error: unknown) => this.#log.failure(`closing the ${what}`, error))
      .finally(() => (over = true));
    await atMost(this.#stepSeconds, done);
    if (over) return;
    const text = `closing the ${what} takes longer than ${this.#stepSeconds} s: going on without`;
    this.#log.failure("stop", new PacelineError("timeout", text));
  }
}

/** What is told of a failure where codes are read. */
export interface Failed {
  readonly code: string;
  readonly message: string;
}

export function failed(error: unknown): Failed {
  return { code: error instanceof PacelineError ? error.code : "internal", message: messageOf(error) };
}
