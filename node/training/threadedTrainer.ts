import { Worker } from "node:worker_threads";
import { messageOf, PacelineError, type ErrorCode } from "../core/errors.ts";
import { USUAL_ENGINE, type EngineSettings } from "./engine.ts";
import type { EvaluationResult } from "./metrics/evaluation.ts";
import { initialParams, parameterCount, type Model } from "./models/model.ts";
import type {
  EvaluationRequest,
  Examples,
  ExampleTensor,
  LocalTraining,
  LossGradient,
  ScoringRound,
  TrainedParams,
  Trainer,
} from "./trainer.ts";

/**
 * A trainer whose engine runs in a thread of its own, so that training never holds up the network: an engine call blocks
 * the event loop it is made from, for seconds on a large set. All trainers of a process share one thread, which ends
 * with the last of them.
 */

export type TrainerRequest =
  | { readonly call: "open"; readonly trainer: number; readonly model: Model; readonly settings: EngineSettings }
  | { readonly call: "train"; readonly trainer: number; readonly job: LocalTraining }
  | {
      readonly call: "predict";
      readonly trainer: number;
      readonly params: Float32Array;
      readonly examples: Pick<Examples, "count" | "inputs">;
    }
  | {
      readonly call: "evaluate";
      readonly trainer: number;
      readonly params: Float32Array;
      readonly examples: Examples;
      readonly request: EvaluationRequest;
    }
  | {
      readonly call: "lossGradient";
      readonly trainer: number;
      readonly params: Float32Array;
      readonly examples: Examples;
    }
  | { readonly call: "contributions"; readonly trainer: number; readonly round: ScoringRound }
  | { readonly call: "close"; readonly trainer: number };

export interface TrainerAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * What a request carries lies in memory that both threads see: copied once, and not written out, moved and read in again, which made
 * garbage of five times its size for each thread's collector. Examples stay there for as long as whoever has them: they are
 * asked about round after round.
 */
const lasting = new WeakMap<Float32Array | Int32Array, Float32Array | Int32Array>();

function sharedCopy<Values extends Float32Array | Int32Array | Int16Array | Float64Array>(values: Values): Values {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const Type = values.constructor as new (buffer: SharedArrayBuffer) => Values;
  const copy = new Type(new SharedArrayBuffer(values.byteLength));
  copy.set(values as never);
  return copy;
}

function sharedTensor({ shape, values }: ExampleTensor): ExampleTensor {
  const known = lasting.get(values) ?? sharedCopy(values);
  lasting.set(values, known);
  return { shape, values: known };
}

function sharedExamples(examples: Examples): Examples {
  return { ...examples, inputs: examples.inputs.map(sharedTensor), targets: sharedTensor(examples.targets) };
}

function sharedRound({ params, updates, mean, points, examples }: ScoringRound): ScoringRound {
  return {
    params: sharedCopy(params),
    updates: updates.map((update) => ({ ...update, values: sharedCopy(update.values) })),
    mean: sharedCopy(mean),
    points,
    examples: sharedExamples(examples),
  };
}

/** The thread, and the calls that wait for it. */
class TrainerThread {
  readonly #worker = new Worker(new URL("./trainerWorker.ts", import.meta.url));
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  holders = 0;

  constructor() {
    this.#worker.on("message", ({ id, value, error }: TrainerAnswer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#worker.unref(); // an idle engine keeps no process alive
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new PacelineError(error.code, error.message));
    });
    this.#worker.on("error", (error) => {
      this.#fail(messageOf(error));
    });
    this.#worker.on("exit", () => {
      this.#fail("its thread has ended");
    });
    this.#worker.unref();
  }

  call(request: TrainerRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#calls;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, request });
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(why: string): void {
    if (shared === this) shared = undefined;
    for (const { reject } of this.#waiting.values()) {
      reject(new PacelineError("closed", `the training engine stopped: ${why}`));
    }
    this.#waiting.clear();
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
  let closed = false;
  const call = async (request: TrainerRequest): Promise<unknown> => {
    if (closed) throw new PacelineError("closed", "the trainer was used after close()");
    await opened;
    return thread.call(request);
  };
  return {
    parameterCount: parameterCount(model),
    initialParams: (seed) => initialParams(model, seed),
    train: ({ params, examples, ...rest }) =>
      call({
        call: "train",
        trainer,
        job: { ...rest, params: sharedCopy(params), examples: sharedExamples(examples) },
      }) as Promise<TrainedParams>,
    predict: (params, { count, inputs }) =>
      call({ call: "predict", trainer, params, examples: { count, inputs } }) as Promise<Float32Array>,
    evaluate: (params, examples, request = {}) =>
      call({ call: "evaluate", trainer, params, examples, request }) as Promise<EvaluationResult>,
    lossGradient: (params, examples) =>
      call({ call: "lossGradient", trainer, params, examples }) as Promise<LossGradient>,
    contributions: (round) =>
      call({ call: "contributions", trainer, round: sharedRound(round) }) as Promise<Float64Array>,
    async close() {
      if (closed) return;
      await call({ call: "close", trainer }).catch(() => undefined);
      closed = true;
      if (--thread.holders > 0) return;
      if (shared === thread) shared = undefined;
      await thread.end();
    },
  };
}
