import type { Dataset } from "../../../node/data/dataset.ts";
import type { PartitionScheme } from "../../../node/data/partition.ts";
import type { MetricName } from "../../../node/training/metrics/metric.ts";
import type { ZooSpecInput } from "../../../node/training/models/zooSpec.ts";
import type { LocalPlan } from "../../../node/training/trainer.ts";

/** A public data set with a model that is to learn it, alone and in a federation. */
export interface AccuracyTask {
  /** In the names of figures, such as `fashionMlp`. */
  readonly name: string;
  readonly title: string;
  /** What the results must reach, and what PyTorch reaches with the same model, by metric. */
  readonly goals: readonly Goal[];
  readonly seeds: number;
  /** Examples as the model reads them; what is held out is the authors' test set, or a fifth by the seed. */
  readonly load: (folder: string, seed: number) => Promise<TaskData>;
  readonly central: LocalPlan;
  readonly federated: FederatedPlan;
  /** Threads of the engine; 1 by default. */
  readonly threads?: number;
}

export interface Goal {
  readonly metric: MetricName;
  readonly bar: number;
  readonly reference: number;
}

export interface TaskData {
  readonly model: ZooSpecInput;
  readonly train: Dataset;
  readonly test: Dataset;
  readonly tagNames?: readonly string[];
  /** Of standardised or shifted targets. */
  readonly stddev?: number;
}

export interface FederatedPlan {
  readonly rounds: number;
  /** One participant's local training in a round. */
  readonly plan: LocalPlan;
  /** How the set falls apart by nature. */
  readonly natural: { readonly title: string; readonly scheme: PartitionScheme };
  /** Longest update; long enough for honest ones by default. */
  readonly clipNorm?: number;
}
