import { join } from "node:path";
import { concatExamples } from "../../../node/data/dataset.ts";
import { fitContract } from "../../../node/data/fit.ts";
import { loadData } from "../../../node/data/load.ts";
import { dataContractSchema } from "../../../node/data/contract.ts";
import { splitDataset } from "../../../node/data/split.ts";
import type { AccuracyTask } from "./task.ts";

/** Text: reviews of two sites (a fifth held out), mentions of diseases in abstracts (the authors' test set), and plays (a tenth). */

const LENGTH = 384;
const BUCKETS = 2 ** 15;
/** Participants that have reviews of one site. */
const PER_SITE = 5;

const reviews = dataContractSchema.parse({
  kind: "text",
  textColumn: 1,
  label: { column: 2, classes: ["0", "1"] },
  ngrams: { words: 2, characters: [3, 5] },
  buckets: BUCKETS,
  length: LENGTH,
  header: false,
});

export const SENTIMENT: AccuracyTask = {
  name: "sentiment",
  title: "Review sentences, hashed n-grams",
  goals: [{ metric: "accuracy", bar: 0.82, reference: 0.822 }],
  seeds: 3,
  load: async (folder, seed) => {
    const sites = await Promise.all(
      ["amazon_cells", "yelp"].map(async (site, group) => {
        const data = await loadData(`tsv:${join(folder, "sentiment-sentences", `${site}_labelled.txt`)}`, reviews);
        return {
          ...data,
          groups: Int32Array.from({ length: data.count }, (_, i) => group * PER_SITE + (i % PER_SITE)),
        };
      }),
    );
    const { train, heldOut } = splitDataset(concatExamples(sites as [(typeof sites)[0]]), 0.2, seed);
    return {
      model: { kind: "text-classifier", buckets: BUCKETS, length: LENGTH, embedding: 16, classes: 2 },
      train,
      test: heldOut,
    };
  },
  central: {
    length: { localEpochs: 60 },
    batchSize: 16,
    optimiser: { kind: "sgd" },
    learningRate: 2,
    schedule: { kind: "linear" },
  },
  federated: {
    rounds: 40,
    plan: {
      length: { localEpochs: 5 },
      batchSize: 16,
      optimiser: { kind: "sgd" },
      learningRate: 3,
      schedule: { kind: "linear", floor: 0.1 },
    },
    natural: { title: "by site", scheme: { kind: "group" } },
  },
};

const mentions = dataContractSchema.parse({ kind: "tags", tags: ["O", "B-Disease", "I-Disease"] });
const WINDOW_FEATURES = 35;

export const NCBI_DISEASE: AccuracyTask = {
  name: "ncbiDisease",
  title: "NCBI disease, window tagger",
  goals: [
    { metric: "entity-f1", bar: 0.71, reference: 0.72 },
    { metric: "accuracy", bar: 0.97, reference: 0.972 },
  ],
  seeds: 3,
  load: async (folder) => {
    const part = (name: string): ReturnType<typeof loadData> =>
      loadData(`conll:${join(folder, "ncbi-disease", `${name}.tsv`)}`, mentions);
    const [train, test] = [await part("train"), await part("test")];
    return {
      model: { kind: "tagger", form: "window", buckets: BUCKETS, features: WINDOW_FEATURES, classes: 3 },
      train,
      test,
      tagNames: ["O", "B-Disease", "I-Disease"],
    };
  },
  central: {
    length: { localEpochs: 4 },
    batchSize: 64,
    optimiser: { kind: "sgd" },
    learningRate: 1,
    schedule: { kind: "linear" },
  },
  federated: {
    rounds: 15,
    plan: {
      length: { localEpochs: 2 },
      batchSize: 32,
      optimiser: { kind: "sgd" },
      learningRate: 1,
      schedule: { kind: "linear", floor: 0.1 },
    },
    natural: { title: "by block of sentences", scheme: { kind: "blocks" } },
  },
};

const play = dataContractSchema.parse({ kind: "characters", speakers: true });

export const SHAKESPEARE: AccuracyTask = {
  name: "shakespeare",
  title: "Shakespeare, next character, LSTM, 421 steps",
  goals: [{ metric: "accuracy", bar: 0.46, reference: 0.467 }],
  seeds: 3,
  load: async (folder, seed) => {
    const source = `text:${join(folder, "tinyshakespeare", "input.txt")}`;
    const contract = await fitContract(source, play);
    const { train, heldOut } = splitDataset(await loadData(source, contract), 0.1, seed);
    return {
      model: { kind: "char-lm", vocabulary: train.classes, hidden: 256, layers: 1, embedding: 32 },
      train,
      test: heldOut,
    };
  },
  central: {
    length: { localSteps: 421 },
    batchSize: 32,
    optimiser: { kind: "adam" },
    learningRate: 0.01,
    schedule: { kind: "linear" },
  },
  federated: {
    rounds: 10,
    plan: { length: { localSteps: 40 }, batchSize: 16, optimiser: { kind: "adam" }, learningRate: 0.01 },
    natural: { title: "by speaker", scheme: { kind: "group" } },
  },
};
