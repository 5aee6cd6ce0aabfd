import { join } from "node:path";
import { loadIdxFolder } from "../../../node/data/images/load.ts";
import type { AccuracyTask, TaskData } from "./task.ts";

/** Fashion-MNIST: the authors' training and test images, light 0 … 1. */

async function fashion(folder: string): Promise<Pick<TaskData, "train" | "test">> {
  return loadIdxFolder(join(folder, "fashion-mnist"));
}

const DIRICHLET = { title: "Dirichlet 0.5", scheme: { kind: "dirichlet", alpha: 0.5 } } as const;

export const FASHION_MLP: AccuracyTask = {
  name: "fashionMlp",
  title: "Fashion-MNIST, perceptron 784-200-200-10",
  goals: [{ metric: "accuracy", bar: 0.88, reference: 0.882 }],
  seeds: 3,
  load: async (folder) => ({
    model: { kind: "mlp", inputs: 784, hidden: [200, 200], classes: 10 },
    ...(await fashion(folder)),
  }),
  central: {
    length: { localEpochs: 10 },
    batchSize: 32,
    optimiser: { kind: "sgd" },
    learningRate: 0.1,
    schedule: { kind: "cosine" },
  },
  federated: {
    rounds: 24,
    plan: {
      length: { localEpochs: 2 },
      batchSize: 10,
      optimiser: { kind: "sgd" },
      learningRate: 0.05,
      schedule: { kind: "linear" },
    },
    natural: DIRICHLET,
  },
};

export const FASHION_CNN: AccuracyTask = {
  name: "fashionCnn",
  title: "Fashion-MNIST, CNN of McMahan et al., 4 epochs",
  goals: [{ metric: "accuracy", bar: 0.9, reference: 0.902 }],
  seeds: 3,
  load: async (folder) => ({ model: { kind: "cnn", image: [28, 28, 1], classes: 10 }, ...(await fashion(folder)) }),
  central: {
    length: { localEpochs: 4 },
    batchSize: 32,
    optimiser: { kind: "sgd" },
    learningRate: 0.1,
    schedule: { kind: "cosine" },
  },
  federated: {
    rounds: 8,
    plan: {
      length: { localEpochs: 1 },
      batchSize: 10,
      optimiser: { kind: "sgd" },
      learningRate: 0.1,
      schedule: { kind: "linear" },
    },
    natural: DIRICHLET,
  },
};
