import { seededRandom } from "../../../node/core/random.ts";
import type { Examples } from "../../../node/training/trainer.ts";
import { measurePeers } from "./peers.ts";
import type { TrainFigures } from "./trainFigures.ts";
import { measureOnnx, trialOf } from "./trial.ts";

/** Matrix factorisation of 10,334 rows of 32 factors, as many as the small MovieLens set has users and films; batches of 256 ratings, one thread. */

const USERS = 610;
const ITEMS = 9724;
const STEPS = 400;
const BATCH = 256;

export async function measureFactorisation(): Promise<TrainFigures> {
  const trial = trialOf({ kind: "matrix-factorisation", users: USERS, items: ITEMS, rank: 32 }, ratings(), {
    length: { localEpochs: 1 },
    batchSize: BATCH,
    learningRate: 2,
  });
  const { ms, params } = await measureOnnx(trial, { warmUpRuns: 2, runs: 9 });
  const peers = await measurePeers(
    {
      trial,
      ours: params,
      figure: "mfStepMs",
      of: (each) => each / STEPS,
    },
    { task: "factorisation", runs: { warmUpRuns: 1, runs: 5 } },
    { warmUpRuns: 0, runs: 1 },
  );
  return { figures: { mfStepMs: ms / STEPS }, peers };
}

/** Popular items are rated more often, as people do. */
function ratings(): Examples {
  const random = seededRandom(3);
  const count = STEPS * BATCH;
  const pairs = new Int32Array(2 * count);
  for (let i = 0; i < count; i++) {
    pairs[2 * i] = random.below(USERS);
    pairs[2 * i + 1] = Math.floor(ITEMS * random.uniform() ** 3);
  }
  return {
    count,
    inputs: [{ shape: [2], values: pairs }],
    targets: { shape: [], values: Float32Array.from({ length: count }, () => random.below(5) - 2) },
    classes: 0,
  };
}
