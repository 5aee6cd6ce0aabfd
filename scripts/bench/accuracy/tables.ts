import { join } from "node:path";
import { dataContractSchema, type DataContract } from "../../../node/data/contract.ts";
import { fitContract } from "../../../node/data/fit.ts";
import { loadData } from "../../../node/data/load.ts";
import { proposeContract } from "../../../node/data/propose.ts";
import { splitDataset } from "../../../node/data/split.ts";
import { fitStandardiser, standardise } from "../../../node/data/standardise.ts";
import type { Dataset } from "../../../node/data/dataset.ts";
import type { AccuracyTask } from "./task.ts";

/** Tables: breast cancer and credit default. A fifth of the rows is held out, and only the others are looked at to standardise. */

const TEST_SHARE = 0.2;

async function loadTable(
  source: string,
  contract: DataContract,
  seed: number,
): Promise<{ readonly train: Dataset; readonly test: Dataset }> {
  const { train, heldOut } = splitDataset(await loadData(source, contract), TEST_SHARE, seed);
  const scaling = fitStandardiser(train);
  return { train: standardise(train, scaling), test: standardise(heldOut, scaling) };
}

export const BREAST_CANCER: AccuracyTask = {
  name: "breastCancer",
  title: "Breast cancer, logistic regression",
  goals: [{ metric: "accuracy", bar: 0.968, reference: 0.97 }],
  seeds: 10,
  load: async (folder, seed) => {
    const source = `csv:${join(folder, "breast-cancer", "wdbc.data")}`;
    const contract = await proposeContract(source, { label: 2, ignore: [1], scale: "none" });
    return {
      model: { kind: "softmax-regression", inputs: 30, classes: 2 },
      ...(await loadTable(source, contract, seed)),
    };
  },
  central: {
    length: { localEpochs: 60 },
    batchSize: 16,
    optimiser: { kind: "sgd", weightDecay: 0.001 },
    learningRate: 0.05,
  },
  federated: {
    rounds: 20,
    plan: {
      length: { localEpochs: 5 },
      batchSize: 8,
      optimiser: { kind: "sgd", weightDecay: 0.001 },
      learningRate: 0.05,
    },
    natural: { title: "Dirichlet 0.5", scheme: { kind: "dirichlet", alpha: 0.5 } },
  },
};

const months = (prefix: string, from = 1): string[] =>
  [1, 2, 3, 4, 5, 6].slice(from - 1).map((month) => `${prefix}${month}`);
const numbers = (names: readonly string[], log: boolean): object[] =>
  names.map((name) => ({ name, type: "number", log }));
const categories = (names: readonly string[]): object[] => names.map((name) => ({ name, type: "category" }));

/** Amounts are taken as logarithms; codes, the undocumented ones too, as categories. */
const credit = dataContractSchema.parse({
  kind: "table",
  columns: [
    ...categories(["SEX", "EDUCATION", "MARRIAGE"]),
    ...numbers(["AGE", "PAY_0", ...months("PAY_", 2)], false),
    ...numbers(["LIMIT_BAL", ...months("BILL_AMT"), ...months("PAY_AMT")], true),
  ],
  label: { column: "default payment next month", type: "class" },
  scale: "none",
  group: "EDUCATION",
  ignore: ["ID"],
});

/** By EDUCATION there are seven groups of very different size: each is dealt to participants of its own. */
const PER_GROUP = [1, 3, 4, 2];

export const CREDIT_DEFAULT: AccuracyTask = {
  name: "creditDefault",
  title: "Credit default, MLP with 64 and 32 hidden units",
  goals: [{ metric: "auc", bar: 0.775, reference: 0.775 }],
  seeds: 3,
  load: async (folder, seed) => {
    const source = `csv:${join(folder, "credit-default", "default_of_credit_card_clients.csv")}`;
    const { train, test } = await loadTable(source, await fitContract(source, credit), seed);
    const inputs = train.inputs[0]?.shape[0] as number;
    return { model: { kind: "mlp", inputs, hidden: [64, 32], classes: 2 }, train: finerGroups(train), test };
  },
  central: {
    length: { localEpochs: 6 },
    batchSize: 32,
    optimiser: { kind: "adamw", weightDecay: 0.01 },
    learningRate: 0.001,
    schedule: { kind: "cosine" },
  },
  federated: {
    rounds: 20,
    plan: {
      length: { localEpochs: 1 },
      batchSize: 32,
      optimiser: { kind: "adamw", weightDecay: 0.01 },
      learningRate: 0.003,
      schedule: { kind: "linear" },
    },
    natural: { title: "by EDUCATION", scheme: { kind: "group" } },
  },
};

/** Groups as they come (the rare codes together), each cut into as many as it has participants. */
function finerGroups(data: Dataset): Dataset {
  const sizes = new Map<number, number>();
  for (const group of data.groups ?? []) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const bySize = [...sizes.keys()].sort((a, b) => (sizes.get(a) as number) - (sizes.get(b) as number));
  const rankOf = (group: number): number => Math.max(0, bySize.indexOf(group) - (bySize.length - PER_GROUP.length));
  const first = PER_GROUP.map((_, rank) => PER_GROUP.slice(0, rank).reduce((sum, count) => sum + count, 0));
  return {
    ...data,
    groups: Int32Array.from(data.groups ?? [], (group, i) => {
      const rank = rankOf(group);
      return (first[rank] as number) + (i % (PER_GROUP[rank] as number));
    }),
  };
}
