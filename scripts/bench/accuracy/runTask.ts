import type { Dataset } from "../../../node/data/dataset.ts";
import { selectExamples } from "../../../node/data/dataset.ts";
import { partition, type PartitionScheme } from "../../../node/data/partition.ts";
import { METRIC_TRAITS, type MetricName } from "../../../node/training/metrics/metric.ts";
import { fitExamples } from "../../../node/training/models/fitExamples.ts";
import { zooModel, zooSchema } from "../../../node/training/models/zooSpec.ts";
import { OnnxTrainer } from "../../../node/training/onnxTrainer.ts";
import type { Trainer } from "../../../node/training/trainer.ts";
import { federate } from "./federate.ts";
import type { AccuracyTask, Goal, TaskData } from "./task.ts";

export const CLIENTS = 10;
/** How far a federation may be behind central training, in the metric's units: 1.5 points. */
export const TOLERANCE = 0.015;

/** What a task came to; the metrics in the order of its goals. */
export interface TaskResult {
  readonly name: string;
  readonly title: string;
  readonly goals: readonly Goal[];
  readonly seeds: number;
  /** Means over the seeds. */
  readonly central: readonly number[];
  /** Smallest and largest of the first metric. */
  readonly range: readonly [number, number];
  readonly iid: FederatedResult;
  readonly natural: FederatedResult & { readonly title: string };
}

export interface FederatedResult {
  /** After the last round. */
  readonly values: readonly number[];
  /** The first round after which every metric was within the tolerance of central training; undefined for never. */
  readonly roundsToTolerance?: number;
  readonly rounds: number;
}

export async function runTask(task: AccuracyTask, folder: string, say: (line: string) => void): Promise<TaskResult> {
  const central: number[][] = [];
  for (let seed = 0; seed < task.seeds; seed++) {
    const data = await task.load(folder, seed);
    central.push(await withTrainer(task, data, (trainer, fitted) => trainCentrally(trainer, task, fitted, seed)));
    say(
      `${task.title}, central, seed ${seed}: ${central
        .at(-1)
        ?.map((value) => value.toFixed(4))
        .join(", ")}`,
    );
  }
  const means = task.goals.map(
    (_, g) => central.reduce((sum, values) => sum + (values[g] as number), 0) / central.length,
  );
  const first = central.map(([value]) => value as number);
  const { natural } = task.federated;
  return {
    name: task.name,
    title: task.title,
    goals: task.goals,
    seeds: task.seeds,
    central: means,
    range: [Math.min(...first), Math.max(...first)],
    iid: await runFederation(task, folder, { kind: "iid" }, means, (line) => say(`${task.title}, iid, ${line}`)),
    natural: {
      title: natural.title,
      ...(await runFederation(task, folder, natural.scheme, means, (line) =>
        say(`${task.title}, ${natural.title}, ${line}`),
      )),
    },
  };
}

async function withTrainer<T>(
  { threads = 1 }: AccuracyTask,
  data: TaskData,
  use: (trainer: Trainer, fitted: TaskData) => Promise<T>,
): Promise<T> {
  const model = zooModel(zooSchema.parse(data.model));
  const trainer = new OnnxTrainer(model, { threads });
  try {
    return await use(trainer, { ...data, train: fitExamples(model, data.train), test: fitExamples(model, data.test) });
  } finally {
    await trainer.close();
  }
}

async function trainCentrally(trainer: Trainer, task: AccuracyTask, data: TaskData, seed: number): Promise<number[]> {
  const params = trainer.initialParams(seed);
  const trained = await trainer.train({ params, examples: data.train, plan: task.central, seed: [seed] });
  return measure(trainer, task, trained.params, data);
}

async function measure(
  trainer: Trainer,
  { goals }: AccuracyTask,
  params: Float32Array,
  data: TaskData,
): Promise<number[]> {
  const { metrics } = await trainer.evaluate(params, data.test, {
    metrics: goals.map(({ metric }) => metric),
    ...(data.tagNames === undefined ? {} : { tagNames: data.tagNames }),
    ...(data.stddev === undefined ? {} : { stddev: data.stddev }),
  });
  return goals.map(({ metric }) => metrics[metric] ?? Number.NaN);
}

async function runFederation(
  task: AccuracyTask,
  folder: string,
  scheme: PartitionScheme,
  central: readonly number[],
  say: (line: string) => void,
): Promise<FederatedResult> {
  const seed = 0;
  const data = await task.load(folder, seed);
  return withTrainer(task, data, async (trainer, fitted) => {
    const parts = partsOf(fitted.train, scheme, seed);
    let values: number[] = [];
    let roundsToTolerance: number | undefined;
    let round = 0;
    for await (const params of federate(trainer, parts, task.federated, seed)) {
      round++;
      values = await measure(trainer, task, params, fitted);
      if (task.goals.every((goal, g) => isClose(goal.metric, values[g] as number, central[g] as number)))
        roundsToTolerance ??= round;
      say(`round ${round}: ${values.map((value) => value.toFixed(4)).join(", ")}`);
    }
    return { values, rounds: round, ...(roundsToTolerance === undefined ? {} : { roundsToTolerance }) };
  });
}

function partsOf(train: Dataset, scheme: PartitionScheme, seed: number): readonly Dataset[] {
  const parts = partition({
    data: train,
    participants: CLIENTS,
    scheme,
    seed,
    minimumCount: 20,
  });
  return parts.map((indices) => selectExamples(train, indices));
}

export function isClose(metric: MetricName, value: number, central: number, tolerance = TOLERANCE): boolean {
  return METRIC_TRAITS[metric].better === "higher" ? value >= central - tolerance : value <= central + tolerance;
}
