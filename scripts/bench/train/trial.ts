import { performance } from "node:perf_hooks";
import type { Model } from "../../../node/training/models/model.ts";
import { type ZooSpecInput, zooModel, zooSchema } from "../../../node/training/models/zooSpec.ts";
import { initialParams } from "../../../node/training/models/model.ts";
import { OnnxTrainer } from "../../../node/training/onnxTrainer.ts";
import type { Examples, LocalPlan, LocalTraining, Trainer } from "../../../node/training/trainer.ts";

/** Local training that several systems do, one beside the other. */
export interface Trial {
  readonly model: Model;
  readonly job: LocalTraining;
}

export interface Runs {
  readonly warmUpRuns: number;
  readonly runs: number;
}

export interface Measured {
  /** Median of the runs. */
  readonly ms: number;
  /** After the last step. */
  readonly params: Float32Array;
}

/** Plain SGD with a constant rate. */
export function trialOf(
  spec: ZooSpecInput,
  examples: Examples,
  plan: Pick<LocalPlan, "length" | "batchSize" | "learningRate">,
): Trial {
  const model = zooModel(zooSchema.parse(spec));
  const params = initialParams(model, 1);
  return { model, job: { params, examples, plan: { ...plan, optimiser: { kind: "sgd" } }, seed: [1] } };
}

export async function measureOnnx({ model, job }: Trial, runs: Runs, threads = 1): Promise<Measured> {
  const trainer = new OnnxTrainer(model, { threads });
  try {
    return await measureTrainer(trainer, job, runs);
  } finally {
    await trainer.close();
  }
}

export async function measureTrainer(trainer: Trainer, job: LocalTraining, runs: Runs): Promise<Measured> {
  let params = job.params;
  const ms = await medianMs(runs, async () => {
    params = (await trainer.train(job)).params;
  });
  return { ms, params };
}

export async function medianMs({ warmUpRuns, runs }: Runs, work: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < warmUpRuns; i++) await work();
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
  }
  return times.sort((a, b) => a - b)[runs >> 1] as number;
}

/** A peer that ends elsewhere did other work: its time says nothing. */
export function requireSameWork(peer: string, { job }: Trial, ours: Float32Array, theirs: Float32Array): void {
  const farthest = (a: Float32Array, b: Float32Array): number =>
    a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
  const [apart, moved] = [farthest(ours, theirs), farthest(ours, job.params)];
  if (ours.length !== theirs.length || !(apart <= SAME_PARAMS * moved))
    throw new Error(`${peer}: params differ by ${apart} where training moved them by ${moved}: not the same work`);
}

/** Of the largest change by training. */
const SAME_PARAMS = 1e-3;
