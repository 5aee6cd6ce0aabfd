import { expect } from "chai";
import { describe, it } from "mocha";
import { initialParams, type Model, parameterCount } from "../../node/training/models/model.ts";
import { zooModel, zooSchema, type ZooSpecInput } from "../../node/training/models/zooSpec.ts";
import { OnnxTrainer } from "../../node/training/onnxTrainer.ts";
import type { Examples, LocalPlan, Trainer } from "../../node/training/trainer.ts";
import { randomExamples } from "./gradients/operatorCase.ts";

const modelOf = (spec: ZooSpecInput): Model => zooModel(zooSchema.parse(spec));

/** Counted by hand, layer by layer. */
const COUNTS: readonly (readonly [string, ZooSpecInput, number])[] = [
  ["McMahan's 2NN", { kind: "mlp", inputs: 784, hidden: [200, 200], classes: 10 }, 199_210],
  ["McMahan's CNN", { kind: "cnn", image: [28, 28, 1], classes: 10 }, 1_663_370],
  ["a softmax regression", { kind: "softmax-regression", inputs: 30, classes: 2 }, 30 * 2 + 2],
  ["a linear regression", { kind: "linear-regression", inputs: 13 }, 13 + 1],
  ["an mlp that tells a number", { kind: "mlp", inputs: 9, hidden: [7, 5], classes: 0 }, 9 * 7 + 7 + 7 * 5 + 5 + 5 + 1],
  [
    "a cnn of an odd image",
    { kind: "cnn", image: [7, 9, 3], filters: [4, 6], kernel: 3, hidden: [8], classes: 5 },
    // 7 × 9 becomes 3 × 4 and 1 × 2
    27 * 4 + 4 + 36 * 6 + 6 + 12 * 8 + 8 + 8 * 5 + 5,
  ],
  ["a text classifier", { kind: "text-classifier", buckets: 4096, length: 60, classes: 2 }, 4096 * 16 + 16 * 2 + 2],
  [
    "a tagger of windows",
    { kind: "tagger", form: "window", buckets: 1000, features: 15, classes: 3 },
    1000 * 24 + 15 * 24 * 128 + 128 + 128 * 3 + 3,
  ],
  [
    "a tagger of sentences",
    { kind: "tagger", form: "bilstm", buckets: 1000, features: 3, length: 40, hidden: 50, classes: 3 },
    // each direction has four gates, with two biases
    1000 * 24 + 2 * 4 * 50 * (72 + 50 + 2) + 100 * 3 + 3,
  ],
  [
    "a language model of characters",
    { kind: "char-lm", vocabulary: 80 },
    80 * 8 + 4 * 256 * (8 + 256 + 2) + 4 * 256 * (256 + 256 + 2) + 256 * 80 + 80,
  ],
  [
    "a matrix factorisation",
    { kind: "matrix-factorisation", users: 943, items: 1682, rank: 32 },
    (943 + 1682) * (32 + 1),
  ],
];

describe("models by name have the parameters of", () => {
  for (const [name, spec, count] of COUNTS) {
    it(name, () => {
      expect(parameterCount(modelOf(spec))).to.equal(count);
    });
  }
});

const SMALL: readonly ZooSpecInput[] = [
  { kind: "softmax-regression", inputs: 6, classes: 4 },
  { kind: "linear-regression", inputs: 6 },
  { kind: "mlp", inputs: 6, hidden: [9, 7], classes: 4, dropout: 0.1 },
  { kind: "mlp", inputs: 6, hidden: [9], classes: 0 },
  { kind: "cnn", image: [9, 7, 2], filters: [3, 4], kernel: 3, hidden: [8], dropout: 0.1, classes: 4 },
  { kind: "text-classifier", buckets: 40, length: 5, embedding: 6, classes: 3 },
  { kind: "tagger", form: "window", buckets: 40, features: 5, embedding: 6, hidden: 8, dropout: 0.1, classes: 5 },
  {
    kind: "tagger",
    form: "bilstm",
    buckets: 40,
    features: 2,
    length: 7,
    embedding: 6,
    hidden: 8,
    dropout: 0.1,
    classes: 5,
  },
  { kind: "char-lm", vocabulary: 12, length: 9, embedding: 4, hidden: 6 },
  { kind: "matrix-factorisation", users: 12, items: 12, rank: 5 },
];

/** What the same model tells with other params, which are larger, so that there is something to learn. */
async function taught(model: Model, trainer: Trainer): Promise<Examples> {
  const examples = randomExamples(model, 48, 12);
  const teacher = initialParams(model, 99).map((value, i) => 3 * value + 0.5 * Math.sin(i));
  const outputs = await trainer.predict(teacher, examples);
  const { classes, shape } = model.targets;
  if (classes === 0) return { ...examples, targets: { shape, values: outputs } };
  const values = Int32Array.from(examples.targets.values, (_, i) => {
    const row = outputs.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(Math.max(...row));
  });
  return { ...examples, targets: { shape, values } };
}

const PLAN: LocalPlan = {
  length: { localSteps: 60 },
  batchSize: 16,
  optimiser: { kind: "adam" },
  learningRate: 0.02,
};

describe("models by name learn what another of their kind knows:", () => {
  for (const spec of SMALL) {
    const form = "form" in spec ? ` of a ${spec.form}` : "classes" in spec && spec.classes === 0 ? " of numbers" : "";
    it(`${spec.kind}${form}`, async () => {
      const model = modelOf(spec);
      const trainer = new OnnxTrainer(model);
      try {
        const examples = await taught(model, trainer);
        const params = trainer.initialParams(1);
        const before = await trainer.evaluate(params, examples);
        const trained = await trainer.train({ params, examples, plan: PLAN, seed: [2] });
        const after = await trainer.evaluate(trained.params, examples);
        expect(trained.steps).to.equal(60);
        expect(after.loss! / before.loss!).to.be.below(0.7);
      } finally {
        await trainer.close();
      }
    });
  }
});
