import { messageOf, PacelineError, type ErrorCode } from "../../core/errors.ts";
import { openEngine, type EngineSettings } from "../engine.ts";
import type { EvaluationResult } from "../metrics/evaluation.ts";
import { initialParams, parameterCount, type Model } from "../models/model.ts";
import type {
  EvaluationRequest,
  Examples,
  LocalTraining,
  LossGradient,
  ScoringRound,
  TrainedParams,
  Trainer,
} from "../trainer.ts";

/** What a trainer asks of an engine that runs somewhere else, and how it is answered there. */

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

export interface TrainerMessage {
  readonly id: number;
  readonly request: TrainerRequest;
}

/** Calls that wait for their answer. */
export class PendingCalls {
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  get size(): number {
    return this.#waiting.size;
  }

  /** @param send hands a message over to the far side */
  add(request: TrainerRequest, send: (message: TrainerMessage) => void): Promise<unknown> {
    const id = ++this.#last;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    send({ id, request });
    return waiting.promise;
  }

  settle({ id, value, error }: TrainerAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new PacelineError(error.code, error.message));
  }

  fail(why: string): void {
    for (const { reject } of this.#waiting.values())
      reject(new PacelineError("closed", `the training engine stopped: ${why}`));
    this.#waiting.clear();
  }
}

/** A trainer that asks `call` for everything. @param end what closes it on the far side, called once */
export function farTrainer(
  model: Model,
  trainer: number,
  call: (request: TrainerRequest) => Promise<unknown>,
  end: () => Promise<void>,
): Trainer {
  let closed = false;
  const ask = async (request: TrainerRequest): Promise<unknown> => {
    if (closed) throw new PacelineError("closed", "the trainer was used after close()");
    return call(request);
  };
  return {
    parameterCount: parameterCount(model),
    initialParams: (seed) => initialParams(model, seed),
    train: (job) => ask({ call: "train", trainer, job }) as Promise<TrainedParams>,
    predict: (params, { count, inputs }) =>
      ask({ call: "predict", trainer, params, examples: { count, inputs } }) as Promise<Float32Array>,
    evaluate: (params, examples, request = {}) =>
      ask({ call: "evaluate", trainer, params, examples, request }) as Promise<EvaluationResult>,
    lossGradient: (params, examples) =>
      ask({ call: "lossGradient", trainer, params, examples }) as Promise<LossGradient>,
    contributions: (round) => ask({ call: "contributions", trainer, round }) as Promise<Float64Array>,
    async close() {
      if (closed) return;
      closed = true;
      await end();
    },
  };
}

/** The far side: all trainers of one thread or process. */
export function createAnswerer(): (message: TrainerMessage) => Promise<TrainerAnswer> {
  const trainers = new Map<number, Trainer>();

  function trainerOf(id: number): Trainer {
    const trainer = trainers.get(id);
    if (trainer === undefined) throw new PacelineError("closed", "the trainer was used after close()");
    return trainer;
  }

  async function answer(request: TrainerRequest): Promise<unknown> {
    switch (request.call) {
      case "open":
        trainers.set(request.trainer, await openEngine(request.model, request.settings));
        return undefined;
      case "train":
        return trainerOf(request.trainer).train(request.job);
      case "predict":
        return trainerOf(request.trainer).predict(request.params, request.examples);
      case "evaluate":
        return trainerOf(request.trainer).evaluate(request.params, request.examples, request.request);
      case "lossGradient":
        return trainerOf(request.trainer).lossGradient(request.params, request.examples);
      case "contributions":
        return trainerOf(request.trainer).contributions(request.round);
      case "close":
        await trainers.get(request.trainer)?.close();
        trainers.delete(request.trainer);
        return undefined;
    }
  }

  return async ({ id, request }) => {
    try {
      return { id, value: await answer(request) };
    } catch (error) {
      const code = error instanceof PacelineError ? error.code : "bad-argument";
      return { id, error: { code, message: messageOf(error) } };
    }
  };
}
