import { parentPort } from "node:worker_threads";
import { messageOf, PacelineError } from "../core/errors.ts";
import { openEngine } from "./engine.ts";
import type { TrainedParams, Trainer } from "./trainer.ts";
import type { TrainerAnswer, TrainerRequest } from "./threadedTrainer.ts";

/** The far side of `threadedTrainer.ts`: one thread, with all trainers of the process in it. */

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

/** What the answer to a training hands over instead of copying it: nobody here has any more use for it. */
function buffersOf({ call }: TrainerRequest, value: unknown): ArrayBuffer[] {
  return call === "train" ? [(value as TrainedParams).params.buffer as ArrayBuffer] : [];
}

parentPort?.on("message", ({ id, request }: { id: number; request: TrainerRequest }) => {
  answer(request).then(
    (value) => parentPort?.postMessage({ id, value } satisfies TrainerAnswer, buffersOf(request, value)),
    (error: unknown) => {
      const code = error instanceof PacelineError ? error.code : "bad-argument";
      parentPort?.postMessage({ id, error: { code, message: messageOf(error) } } satisfies TrainerAnswer);
    },
  );
});
