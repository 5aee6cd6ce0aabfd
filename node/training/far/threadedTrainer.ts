import { Worker } from "node:worker_threads";
import { messageOf } from "../../core/errors.ts";
import { USUAL_ENGINE, type EngineSettings } from "../engine.ts";
import type { Model } from "../models/model.ts";
import type { Trainer } from "../trainer.ts";
import { farTrainer, PendingCalls, type TrainerAnswer, type TrainerRequest } from "./calls.ts";
import { inSharedMemory } from "./sharedMemory.ts";

/**
 * A trainer whose engine runs in a thread of its own, so that training never holds up the network: an engine call blocks
 * the event loop it is made from, for seconds on a large set. All trainers of a process share one thread, which ends
 * with the last of them.
 */

/** The thread, and the calls that wait for it. */
class TrainerThread {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url));
  readonly #pending = new PendingCalls();
  holders = 0;

  constructor() {
    this.#worker.on("message", (answer: TrainerAnswer) => {
      this.#pending.settle(answer);
      if (this.#pending.size === 0) this.#worker.unref(); // an idle engine keeps no process alive
    });
    this.#worker.on("error", (error) => this.#fail(messageOf(error)));
    this.#worker.on("exit", () => this.#fail("its thread has ended"));
    this.#worker.unref();
  }

  call(request: TrainerRequest): Promise<unknown> {
    this.#worker.ref();
    return this.#pending.add(inSharedMemory(request), (message) => this.#worker.postMessage(message));
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(why: string): void {
    if (shared === this) shared = undefined;
    this.#pending.fail(why);
  }
}

let shared: TrainerThread | undefined;
let trainers = 0;

/** A trainer in the process's training thread. */
export function createThreadedTrainer(model: Model, settings: EngineSettings = USUAL_ENGINE): Trainer {
  shared ??= new TrainerThread();
  const thread = shared;
  thread.holders++;
  const trainer = ++trainers;
  const opened = thread.call({ call: "open", trainer, model, settings });
  opened.catch(() => undefined); // whoever calls next is told
  const call = async (request: TrainerRequest): Promise<unknown> => {
    await opened;
    return thread.call(request);
  };
  return farTrainer(model, trainer, call, async () => {
    await call({ call: "close", trainer }).catch(() => undefined);
    if (--thread.holders > 0) return;
    if (shared === thread) shared = undefined;
    await thread.end();
  });
}
