import { seededRandom } from "../../../node/core/random.ts";
import type { Examples } from "../../../node/training/trainer.ts";
import { measurePeers } from "./peers.ts";
import type { TrainFigures } from "./trainFigures.ts";
import { measureOnnx, trialOf } from "./trial.ts";

/** A character model with one LSTM of 128 units over stretches of 80 characters, batches of 10, one thread. */

/** As many as Shakespeare uses. */
const VOCABULARY = 65;
const LENGTH = 80;
const BATCH = 10;
const STEPS = 8;

export async function measureLstm(): Promise<TrainFigures> {
  const trial = trialOf(
    { kind: "char-lm", vocabulary: VOCABULARY, length: LENGTH, hidden: 128, layers: 1 },
    stretches(),
    {
      length: { localEpochs: 1 },
      batchSize: BATCH,
      learningRate: 1,
    },
  );
  const { ms, params } = await measureOnnx(trial, { warmUpRuns: 3, runs: 15 });
  const peers = await measurePeers(
    {
      trial,
      ours: params,
      figure: "lstmStepMs",
      of: (each) => each / STEPS,
    },
    { task: "lstm", runs: { warmUpRuns: 1, runs: 5 } },
    { warmUpRuns: 0, runs: 1 },
  );
  return { figures: { lstmStepMs: ms / STEPS }, peers };
}

/** Each character is told from the one before it, most of the time. */
function stretches(): Examples {
  const random = seededRandom(4);
  const count = STEPS * BATCH;
  const text = new Int32Array(count * LENGTH + 1);
  for (let i = 1; i < text.length; i++)
    text[i] = random.uniform() < 0.7 ? ((text[i - 1] as number) * 7 + 3) % VOCABULARY : random.below(VOCABULARY);
  return {
    count,
    inputs: [{ shape: [LENGTH], values: text.slice(0, -1) }],
    targets: { shape: [LENGTH], values: text.slice(1) },
    classes: VOCABULARY,
  };
}
