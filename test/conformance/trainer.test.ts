import { describe, it } from "mocha";
import { initialParams, type Model } from "../../node/training/models/model.ts";
import { zooModel, zooSchema, type ZooSpecInput } from "../../node/training/models/zooSpec.ts";
import { OnnxTrainer } from "../../node/training/onnxTrainer.ts";
import { TfjsTrainer } from "../../node/training/tfjs/tfjsTrainer.ts";
import type { LocalTraining } from "../../node/training/trainer.ts";
import { expectGradientsAgree, expectTrainingAgrees } from "../training/gradients/oracle.ts";
import { randomExamples } from "../training/gradients/operatorCase.ts";
import { describeTrainerConformance } from "./trainer.ts";

describeTrainerConformance("ONNX Runtime", (model) => new OnnxTrainer(model));
describeTrainerConformance("tfjs on wasm", (model) => new TfjsTrainer(model, { backend: "wasm" }));
describeTrainerConformance("tfjs on plain JavaScript", (model) => new TfjsTrainer(model, { backend: "cpu" }));

const MODELS: readonly ZooSpecInput[] = [
  { kind: "softmax-regression", inputs: 6, classes: 4 },
  { kind: "linear-regression", inputs: 6 },
  { kind: "mlp", inputs: 6, hidden: [9, 7], classes: 4, dropout: 0.4 },
  { kind: "cnn", image: [6, 6, 2], filters: [3, 4], kernel: 3, hidden: [8], dropout: 0.5, classes: 4 },
  { kind: "text-classifier", buckets: 40, length: 12, embedding: 6, classes: 3 },
  { kind: "tagger", form: "window", buckets: 40, features: 5, embedding: 6, hidden: 8, dropout: 0.3, classes: 5 },
  { kind: "tagger", form: "bilstm", buckets: 40, features: 2, length: 5, embedding: 4, hidden: 5, classes: 5 },
  { kind: "char-lm", vocabulary: 12, length: 5, embedding: 4, hidden: 5 },
  { kind: "matrix-factorisation", users: 12, items: 12, rank: 5 },
];

const nameOf = (spec: ZooSpecInput): string => ("form" in spec ? `${spec.kind} (${spec.form})` : spec.kind);

/** Two passes with momentum, the last batch of each smaller. */
function jobOf(model: Model): LocalTraining {
  return {
    params: initialParams(model, 3),
    examples: randomExamples(model, 22, 12),
    plan: {
      length: { localEpochs: 2 },
      batchSize: 6,
      optimiser: { kind: "momentum", momentum: 0.7, weightDecay: 0.01, clipGradientNorm: 1 },
      learningRate: 0.05,
    },
    seed: [4],
  };
}

describe("The engines", function () {
  this.timeout(20_000);
  for (const spec of MODELS) {
    it(`agree on a ${nameOf(spec)}: gradients, and params after training`, async () => {
      const model = zooModel(zooSchema.parse(spec));
      const job = jobOf(model);
      await expectGradientsAgree(model, job.params, job.examples, 5);
      await expectTrainingAgrees(model, job);
    });
  }
});
