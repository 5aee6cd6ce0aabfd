import { seededRandom } from "../../../node/core/random.ts";
import type { Examples } from "../../../node/training/trainer.ts";
import { measurePeers } from "./peers.ts";
import type { TrainFigures } from "./trainFigures.ts";
import { measureOnnx, trialOf } from "./trial.ts";

/** Softmax regression of two classes on 30 columns, batches of 32, one thread. */

const COLUMNS = 30;
const COUNT = 51_200;

export async function measureSoftmax(): Promise<TrainFigures> {
  const trial = trialOf({ kind: "softmax-regression", inputs: COLUMNS, classes: 2 }, table(), {
    length: { localEpochs: 1 },
    batchSize: 32,
    learningRate: 0.1,
  });
  const { ms, params } = await measureOnnx(trial, { warmUpRuns: 2, runs: 9 });
  const figure = "softmaxExamplesPerSecond";
  const of = (each: number): number => COUNT / (each / 1000);
  const peers = await measurePeers(
    {
      trial,
      ours: params,
      figure,
      of,
    },
    { task: "perceptron", runs: { warmUpRuns: 1, runs: 5 } },
    { warmUpRuns: 1, runs: 1 },
  );
  return { figures: { [figure]: of(ms) }, peers };
}

/** Normal columns; the class follows a weighted sum of them, with noise. */
function table(): Examples {
  const random = seededRandom(2);
  const weights = Array.from({ length: COLUMNS }, () => random.normal());
  const values = Float32Array.from({ length: COUNT * COLUMNS }, () => random.normal());
  const classes = Int32Array.from({ length: COUNT }, (_, row) => {
    const sum = weights.reduce((total, weight, i) => total + weight * (values[row * COLUMNS + i] as number), 0);
    return sum + 2 * random.normal() > 0 ? 1 : 0;
  });
  return {
    count: COUNT,
    inputs: [{ shape: [COLUMNS], values }],
    targets: { shape: [], values: classes },
    classes: 2,
  };
}
