import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../node/cli/main.ts", import.meta.url));

/** One line of `paceline start --json`. */
export interface LogEvent {
  readonly event: string;
  readonly round?: number;
  readonly phase?: string;
  readonly call?: string;
  readonly [fact: string]: unknown;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
}

/** What a daemon's process is started with, beside the command's own arguments. */
export interface ProcessSettings {
  /** To Node, before the program. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** `start` unless told. */
  readonly command?: "start" | "watch";
}

/** `paceline start`, or `watch`, as a process, and what it logs. */
export class DaemonProcess {
  readonly events: LogEvent[] = [];
  /** What it wrote to stderr that is no event. */
  readonly strayLines: string[] = [];
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<() => void>();

  constructor(
    args: readonly string[],
    password: string,
    { nodeArgs = [], env = {}, command = "start" }: ProcessSettings = {},
  ) {
    const child = spawn(process.execPath, [...nodeArgs, MAIN, command, "--json", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env, PACELINE_PASSWORD: password },
    });
    this.#child = child;
    let stdout = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    createInterface({ input: child.stderr }).on("line", (line) => this.#read(line));
    this.ended = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal, stdout })));
    void this.ended.then(() => this.#tell());
  }

  #read(line: string): void {
    try {
      this.events.push(JSON.parse(line) as LogEvent);
    } catch {
      this.strayLines.push(line);
    }
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves with the first event that fits, one from the past or one to come; rejects when the process ends without. */
  until(fits: (event: LogEvent) => boolean): Promise<LogEvent> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.events.find(fits);
        if (found === undefined && !this.hasEnded) return;
        this.#listeners.delete(look);
        if (found !== undefined) resolve(found);
        else reject(new Error(`the daemon ended while it was waited for:\n${this.tail()}`));
      };
      this.#listeners.add(look);
      look();
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  kill(signal: NodeJS.Signals): Promise<Ending> {
    this.#child.kill(signal);
    return this.ended;
  }

  /** Sends a signal that does not end it. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Its last lines, for the message of a test that fails. */
  tail(): string {
    return [...this.events.slice(-15).map((event) => JSON.stringify(event)), ...this.strayLines.slice(-10)].join("\n");
  }
}
