import { DIGITS_CONTRACT } from "../data/contract/digits.ts";
import { USUAL_MONEY, type JobSpecInput } from "../daemon/job/jobSpec.ts";

/**
 * Jobs to start from, one a kind of data; times in seconds, money in whole tokens. All but the digits' have an outline of a data
 * contract: what is left open, and the model's sizes that follow from it, `paceline job fit` takes from a sample.
 */

type Work = Pick<JobSpecInput, "name" | "model" | "task" | "data" | "localTraining" | "rounds">;

/** What five participants can run on one machine. */
function jobOf(work: Work): JobSpecInput {
  const { name, model, task, data, localTraining, rounds } = work;
  return {
    name,
    model,
    ...(task === undefined ? {} : { task }),
    seed: 1,
    data,
    localTraining,
    aggregation: { rule: "weighted-mean", weightCap: 1_000_000 },
    encoding: { type: "int16", minExponent: 4, maxExponent: 18, initialExponent: 12, clipNorm: 50 },
    scoring: { method: "path", points: 8, metric: "loss" },
    rounds,
    members: { start: 5, cohort: 16, committee: 7, minCommits: 3 },
    phases: {
      join: 3600,
      commit: 300,
      share: 60,
      slot: 30,
      demand: 20,
      challenge: 120,
      score: 60,
      unbond: 3600,
      blocks: 1,
    },
    money: USUAL_MONEY,
  };
}

const DIGITS = jobOf({
  name: "digits",
  model: { kind: "mlp", inputs: 784, hidden: [64], classes: 10 },
  data: { description: "handwritten digits, 28 by 28, values 0 to 1", contract: DIGITS_CONTRACT },
  localTraining: { localEpochs: 1, batchSize: 16, learningRate: 0.1 },
  rounds: 10,
});

const TABLE = jobOf({
  name: "table",
  model: { kind: "mlp", inputs: 5, hidden: [16], classes: 2 },
  task: { metrics: ["accuracy", "auc"] },
  data: {
    description: "patients, one a row, with a header",
    contract: {
      kind: "table",
      columns: [
        { name: "age", type: "number", min: 0, max: 120 },
        { name: "pressure", type: "number", missing: "mean" },
        { name: "smoker", type: "boolean" },
        { name: "sex", type: "category" },
      ],
      label: { column: "outcome", type: "class" },
      missingValues: ["NA"],
    },
  },
  localTraining: { localEpochs: 2, batchSize: 16, learningRate: 0.05 },
  rounds: 20,
});

const TEXT = jobOf({
  name: "text",
  model: { kind: "text-classifier", buckets: 2 ** 15, length: 96, embedding: 16, classes: 2 },
  data: {
    description: "sentences with what they are about, one a row, with a header",
    contract: {
      kind: "text",
      textColumn: "text",
      label: { column: "label" },
      ngrams: { words: 2, characters: [3, 5] },
      length: 96,
    },
  },
  localTraining: { localEpochs: 2, batchSize: 16, learningRate: 3, schedule: { kind: "linear", floor: 0.1 } },
  rounds: 20,
});

const TAGS = jobOf({
  name: "tags",
  model: { kind: "tagger", form: "window", buckets: 2 ** 15, features: 35, classes: 3 },
  task: { metrics: ["entity-f1", "accuracy"] },
  data: { description: "sentences in CoNLL's form: a word and its tag a line", contract: { kind: "tags" } },
  localTraining: { localEpochs: 2, batchSize: 32, learningRate: 1, schedule: { kind: "linear", floor: 0.1 } },
  rounds: 15,
});

const CHARACTERS = jobOf({
  name: "characters",
  model: { kind: "char-lm", vocabulary: 65, length: 80, embedding: 32, hidden: 256, layers: 1 },
  task: { metrics: ["accuracy", "perplexity"] },
  data: { description: "running text", contract: { kind: "characters", length: 80, unknown: "skip" } },
  localTraining: {
    localSteps: 40,
    batchSize: 32,
    learningRate: 0.01,
    optimiser: { kind: "adam", clipGradientNorm: 5 },
  },
  rounds: 20,
});

const RATINGS = jobOf({
  name: "ratings",
  model: { kind: "matrix-factorisation", users: 600, items: 9000, rank: 32 },
  task: { metrics: ["rmse", "mae"] },
  data: {
    description: "who rated what and how, as in MovieLens",
    contract: {
      kind: "ratings",
      userColumn: "userId",
      itemColumn: "movieId",
      ratingColumn: "rating",
      scale: { minimum: 0.5, maximum: 5 },
      ignore: ["timestamp"],
    },
  },
  localTraining: {
    localEpochs: 1,
    batchSize: 256,
    learningRate: 3, // a batch moves a row by the few ratings of it that it has
    schedule: { kind: "linear" },
    optimiser: { kind: "sgd", weightDecay: 0.0003 },
  },
  rounds: 40,
});

export const JOB_EXAMPLES = {
  digits: DIGITS,
  table: TABLE,
  text: TEXT,
  tags: TAGS,
  characters: CHARACTERS,
  ratings: RATINGS,
} as const satisfies Readonly<Record<string, JobSpecInput>>;

export type JobExample = keyof typeof JOB_EXAMPLES;
