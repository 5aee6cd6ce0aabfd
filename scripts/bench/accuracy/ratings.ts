import { join } from "node:path";
import { dataContractSchema } from "../../../node/data/contract.ts";
import { nameCount } from "../../../node/data/contract/ratings.ts";
import { fitContract } from "../../../node/data/fit.ts";
import { loadData } from "../../../node/data/load.ts";
import { splitDataset } from "../../../node/data/split.ts";
import type { AccuracyTask } from "./task.ts";

/** MovieLens: a tenth of the ratings is held out. */

const outline = dataContractSchema.parse({
  kind: "ratings",
  userColumn: "userId",
  itemColumn: "movieId",
  ratingColumn: "rating",
  scale: { minimum: 0.5, maximum: 5 },
  ignore: ["timestamp"],
});

export const MOVIELENS: AccuracyTask = {
  name: "movielens",
  title: "MovieLens, matrix factorisation",
  goals: [{ metric: "rmse", bar: 0.865, reference: 0.86 }],
  seeds: 3,
  load: async (folder, seed) => {
    const source = `csv:${join(folder, "movielens-latest-small", "ratings.csv")}`;
    const contract = await fitContract(source, outline);
    if (contract.kind !== "ratings") throw new Error("not ratings");
    const { train, heldOut } = splitDataset(await loadData(source, contract), 0.1, seed);
    const [users, items] = [nameCount(contract.users), nameCount(contract.items)];
    return { model: { kind: "matrix-factorisation", users, items, rank: 32 }, train, test: heldOut };
  },
  central: {
    length: { localEpochs: 30 },
    batchSize: 256,
    optimiser: { kind: "sgd", weightDecay: 0.0003 },
    learningRate: 10,
    schedule: { kind: "linear" },
  },
  // A user's row moves at one participant in ten: a round does for it what a tenth of an epoch does centrally. There it is often in
  // a batch, where rates add up: batches are smaller, at the same rate an example.
  federated: {
    rounds: 60,
    plan: {
      length: { localEpochs: 1 },
      batchSize: 32,
      optimiser: { kind: "sgd", weightDecay: 0.0003 },
      learningRate: 1.5,
      schedule: { kind: "linear" },
    },
    natural: { title: "by user", scheme: { kind: "group" } },
  },
};
