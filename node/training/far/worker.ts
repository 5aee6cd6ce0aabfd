import { parentPort } from "node:worker_threads";
import type { TrainedParams } from "../trainer.ts";
import { createAnswerer, type TrainerAnswer, type TrainerMessage } from "./calls.ts";

/** The far side of `threadedTrainer.ts`: one thread, with all trainers of the process in it. */

/** What the answer to a training hands over instead of copying it: nobody here has any more use for it. */
function buffersOf({ request: { call } }: TrainerMessage, { value, error }: TrainerAnswer): ArrayBuffer[] {
  return call === "train" && error === undefined ? [(value as TrainedParams).params.buffer as ArrayBuffer] : [];
}

const answer = createAnswerer();
parentPort?.on("message", (message: TrainerMessage) => {
  void answer(message).then((answered) => parentPort?.postMessage(answered, buffersOf(message, answered)));
});
