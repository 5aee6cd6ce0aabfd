import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { USUAL_ENGINE, type EngineSettings } from "../engine.ts";
import type { Model } from "../models/model.ts";
import type { Trainer } from "../trainer.ts";
import { farTrainer, PendingCalls, type TrainerAnswer, type TrainerRequest } from "./calls.ts";

/**
 * A trainer whose engine runs in a process of its own, which ends when there has been nothing to do for a while and starts again
 * with the next call. A daemon waits for most of its life: between rounds, what an engine has mapped and allocated is given
 * back, and an engine that crashes takes nobody along. All trainers of a process share one.
 */

/** How long an engine waits for its next call, in milliseconds: longer than the calls of a round are apart. */
const USUAL_IDLE_MS = 20_000;
const CHILD = fileURLToPath(new URL("./process.ts", import.meta.url));

interface Opening {
  readonly trainer: number;
  readonly model: Model;
  readonly settings: EngineSettings;
}

/** One life of the engine's process. */
class EngineProcess {
  readonly #child: ChildProcess;
  readonly #pending = new PendingCalls();
  readonly #opened = new Map<number, Promise<unknown>>();
  readonly #idleMs: number;
  readonly #onEnd: () => void;
  #idle: NodeJS.Timeout | undefined;

  constructor(idleMs: number, onEnd: () => void) {
    this.#idleMs = idleMs;
    this.#onEnd = onEnd;
    this.#child = fork(CHILD, {
      execArgv: [...process.execArgv, "--optimize-for-size"],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      env: harmless(),
    });
    this.#child.on("message", (answer: TrainerAnswer) => this.#answered(answer));
    this.#child.on("error", (error) => this.#fail(error.message));
    this.#child.on("exit", (code, signal) => this.#fail(`its process has ended (${signal ?? code ?? "?"})`));
    this.#rest();
  }

  /** Opens the trainer first where this process does not have it yet. */
  async call(opening: Opening, request: TrainerRequest): Promise<unknown> {
    const { trainer } = opening;
    const opened = this.#opened.get(trainer) ?? this.#send({ call: "open", ...opening });
    this.#opened.set(trainer, opened);
    await opened;
    return this.#send(request);
  }

  /** Lets go of a trainer that may have been opened here. */
  async close(trainer: number): Promise<void> {
    if (this.#opened.delete(trainer)) await this.#send({ call: "close", trainer }).catch(() => undefined);
    if (this.#opened.size === 0) this.#end();
  }

  #send(request: TrainerRequest): Promise<unknown> {
    clearTimeout(this.#idle);
    this.#child.ref();
    this.#child.channel?.ref();
    return this.#pending.add(request, (message) => {
      this.#child.send(message, (error) => error !== null && this.#fail(error.message));
    });
  }

  #answered(answer: TrainerAnswer): void {
    this.#pending.settle(answer);
    if (this.#pending.size === 0) this.#rest();
  }

  /** An idle engine keeps no process alive, and not for long itself. */
  #rest(): void {
    this.#child.unref();
    this.#child.channel?.unref();
    this.#idle = setTimeout(() => this.#end(), this.#idleMs);
    this.#idle.unref();
  }

  #end(): void {
    this.#onEnd();
    clearTimeout(this.#idle);
    if (this.#child.connected) this.#child.disconnect();
  }

  #fail(why: string): void {
    this.#end();
    this.#pending.fail(why);
  }
}

let shared: EngineProcess | undefined;
let trainers = 0;

export interface ProcessTrainerOptions {
  readonly settings?: EngineSettings;
  readonly idleMs?: number;
}

/** A trainer in the engine's process, which starts with the first call. */
export function createProcessTrainer(
  model: Model,
  { settings = USUAL_ENGINE, idleMs = USUAL_IDLE_MS }: ProcessTrainerOptions = {},
): Trainer {
  const opening = { trainer: ++trainers, model, settings };
  const call = (request: TrainerRequest): Promise<unknown> => {
    if (shared === undefined) {
      const engine: EngineProcess = new EngineProcess(idleMs, () => {
        if (shared === engine) shared = undefined;
      });
      shared = engine;
    }
    return shared.call(opening, request);
  };
  return farTrainer(model, opening.trainer, call, async () => shared?.close(opening.trainer));
}

/** The environment without what only the daemon needs. */
function harmless(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== "PACELINE_PASSWORD"));
}
