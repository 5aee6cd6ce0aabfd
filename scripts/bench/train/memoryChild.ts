// A training process of its own: prints the most memory it held (`memory.ts`).
import { generateDigits } from "../../../node/data/digits.ts";
import { measureOnnx, trialOf } from "./trial.ts";

const trial = trialOf({ kind: "cnn", image: [28, 28, 1], classes: 10 }, generateDigits({ count: 600, seed: 1 }), {
  length: { localEpochs: 1 },
  batchSize: 32,
  learningRate: 0.05,
});
await measureOnnx(trial, { warmUpRuns: 0, runs: 1 });
const peakMemoryMB = (process.resourceUsage().maxRSS * 1024) / 1e6;
console.log(JSON.stringify({ peakMemoryMB, parameterMB: (trial.job.params.length * 4) / 1e6 }));
