import type { Address } from "../core/bytes.ts";
import { failed, type Failed } from "./cleanUp.ts";
import { pause } from "./jobEnd.ts";
import { JobTotals } from "./jobObserver.ts";
import { runJob, type JobResult, type JobSurroundings, type RunningJob } from "./jobRun.ts";
import type { Log } from "./log.ts";
import type { JobSettings } from "./settings.ts";

/** Seconds before a job that could not be opened is tried again: more each time. */
const FIRST_RETRY = 10;
const LAST_RETRY = 600;

/** `opening`, `running`, or why it is not: it could not be opened and is tried `later`, it was `given-up`, it has `ended`. */
export type FollowedState = "opening" | "running" | "later" | "given-up" | "ended";

/** A job of the daemon, whatever has become of it. */
export interface FollowedJob {
  readonly job: Address;
  readonly state: FollowedState;
  readonly running: RunningJob | undefined;
  readonly totals: JobTotals;
  readonly result: JobResult | undefined;
  /** What the last try to open it failed with. */
  readonly error: Failed | undefined;
}

type Entry = { -readonly [Field in keyof FollowedJob]: FollowedJob[Field] } & {
  readonly settings: JobSettings;
  readonly log: Log;
  cause: unknown;
};

type Run = typeof runJob;

/** The jobs of one daemon: each goes its own way, and the daemon's ends when none is at work any more. */
export class FollowedJobs {
  readonly #entries: readonly Entry[];
  readonly #surroundings: JobSurroundings;
  readonly #run: Run;
  /** Ends the waits for another try: of all that wait now. */
  #retryNow = new AbortController();

  /** @param run what takes part in one job, other in tests */
  constructor(surroundings: JobSurroundings, log: Log, run: Run = runJob) {
    const { jobs } = surroundings.settings;
    this.#surroundings = surroundings;
    this.#run = run;
    this.#entries = jobs.map((settings) => {
      const { address: job } = settings.job;
      const prefix = jobs.length > 1 ? `job ${job.slice(0, 10)}: ` : "";
      const jobLog = log.with({ job }, prefix);
      const nothing = { running: undefined, result: undefined, error: undefined, cause: undefined };
      return { job, settings, log: jobLog, state: "opening", totals: new JobTotals(), ...nothing };
    });
  }

  all(): readonly FollowedJob[] {
    return this.#entries;
  }

  /** Tries those that could not be opened again without waiting longer. */
  retry(): void {
    this.#retryNow.abort();
    this.#retryNow = new AbortController();
  }

  /**
   * Resolves when no job is at work.
   * @throws what the first one failed with, where none could be opened
   */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#entries.map((entry) => this.#follow(entry, signal)));
    const [first] = this.#entries;
    if (first !== undefined && this.#entries.every(({ state }) => state === "given-up")) throw first.cause;
  }

  async #follow(entry: Entry, signal: AbortSignal): Promise<void> {
    for (let wait = FIRST_RETRY; !(await this.#attempt(entry, signal)); wait = Math.min(2 * wait, LAST_RETRY)) {
      entry.state = "later";
      if (signal.aborted || !this.#isAnyAtWork()) break;
      await pause(wait, AbortSignal.any([signal, this.#retryNow.signal]));
      if (signal.aborted || !this.#isAnyAtWork()) break;
    }
    if (entry.state !== "ended") entry.state = "given-up";
    if (!this.#isAnyAtWork()) this.retry(); // for nothing but them would the daemon go on
  }

  /** @returns whether it was taken part in */
  async #attempt(entry: Entry, signal: AbortSignal): Promise<boolean> {
    entry.state = "opening";
    const onRunning = (running: RunningJob): void => {
      Object.assign(entry, { running, state: "running", error: undefined });
    };
    try {
      const { settings, log, totals } = entry;
      entry.result = await this.#run(this.#surroundings, settings, { log, totals, signal, onRunning });
      entry.state = "ended";
      return true;
    } catch (error) {
      Object.assign(entry, { error: failed(error), cause: error });
      if (this.#entries.length > 1) entry.log.failure("job", error);
      return false;
    } finally {
      entry.running = undefined;
    }
  }

  #isAnyAtWork(): boolean {
    return this.#entries.some(({ state }) => state === "opening" || state === "running");
  }
}
