import { join } from "node:path";
import { loadData } from "../../../node/data/load.ts";
import { proposeContract } from "../../../node/data/propose.ts";
import { splitDataset } from "../../../node/data/split.ts";
import { fitStandardiser, standardise } from "../../../node/data/standardise.ts";
import type { TableOptions } from "../../../node/data/table/infer.ts";
import type { Dataset } from "../../../node/data/dataset.ts";
import type { AccuracyTask } from "./task.ts";

/** Tables: breast cancer and credit default. A fifth of the rows is held out, and only the others are looked at to standardise. */

const TEST_SHARE = 0.2;

async function loadTable(
  file: string,
  options: TableOptions,
  seed: number,
  adjust: (data: Dataset) => Dataset = (data) => data,
): Promise<{ readonly train: Dataset; readonly test: Dataset }> {
  const source = `csv:${file}`;
  const contract = await proposeContract(source, { ...options, scale: "none" });
  const { train, heldOut } = splitDataset(adjust(await loadData(source, contract)), TEST_SHARE, seed);
  const scaling = fitStandardiser(train);
  return { train: standardise(train, scaling), test: standardise(heldOut, scaling) };
}

export const BREAST_CANCER: AccuracyTask = {
  name: "breastCancer",
  title: "Breast cancer, logistic regression",
  goals: [{ metric: "accuracy", bar: 0.968, reference: 0.97 }],
  seeds: 10,
  load: async (folder, seed) => ({
    model: { kind: "softmax-regression", inputs: 30, classes: 2 },
    ...(await loadTable(join(folder, "breast-cancer", "wdbc.data"), { label: 2, ignore: [1] }, seed)),
  }),
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

/** Column 4 of the file, EDUCATION, after ID is left out: the third feature. */
const EDUCATION = 2;

export const CREDIT_DEFAULT: AccuracyTask = {
  name: "creditDefault",
  title: "Credit default, MLP 23-32-16-2",
  goals: [{ metric: "auc", bar: 0.775, reference: 0.775 }],
  seeds: 3,
  load: async (folder, seed) => {
    const file = join(folder, "credit-default", "default_of_credit_card_clients.csv");
    return {
      model: { kind: "mlp", inputs: 23, hidden: [32, 16], classes: 2 },
      ...(await loadTable(file, { ignore: ["ID"] }, seed, byEducation)),
    };
  },
  central: {
    length: { localEpochs: 12 },
    batchSize: 64,
    optimiser: { kind: "adam" },
    learningRate: 0.001,
    schedule: { kind: "cosine" },
  },
  federated: {
    rounds: 15,
    plan: { length: { localEpochs: 1 }, batchSize: 32, optimiser: { kind: "adam" }, learningRate: 0.001 },
    natural: { title: "by EDUCATION", scheme: { kind: "dirichlet", alpha: 0.5 } },
  },
};

function byEducation(data: Dataset): Dataset {
  const features = data.inputs[0]!;
  const width = features.shape[0] as number;
  return {
    ...data,
    groups: Int32Array.from({ length: data.count }, (_, i) => features.values[i * width + EDUCATION] as number),
  };
}
