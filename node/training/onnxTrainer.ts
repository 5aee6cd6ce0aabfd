import { performance } from "node:perf_hooks";
import { Tensor } from "onnxruntime-node";
import { PacelineError } from "../core/errors.ts";
import { seededRandom } from "../core/random.ts";
import { type ModelSpec, initialParams, parameterCount, parseModelSpec } from "./modelSpec.ts";
import { evaluationGraph, gradientGraph, trainingGraph } from "./onnx/modelGraphs.ts";
import { type SessionHandle, type SessionSettings, acquireSession } from "./onnx/sessions.ts";
import { pathContributions } from "./pathScore.ts";
import type {
  Evaluation,
  Examples,
  LocalTraining,
  LossGradient,
  ScoringRound,
  TrainedParams,
  Trainer,
} from "./trainer.ts";

/** Examples per run of the evaluation and gradient graphs: bounds the engine's working memory. */
const CHUNK_EXAMPLES = 2048;

/**
 * The trainer on ONNX Runtime (CPU). A local epoch is one run of the engine. Runs are serial within the process, so many
 * trainers may be used at once; the same inputs give the same bytes on the same machine.
 */
export class OnnxTrainer implements Trainer {
  readonly parameterCount: number;
  readonly #spec: ModelSpec;
  readonly #settings: SessionSettings;
  readonly #sessions = new Map<string, SessionHandle>();
  #closed = false;

  /** @throws PacelineError `bad-input` where the spec is not valid */
  constructor(spec: ModelSpec, settings: SessionSettings = { threads: 1 }) {
    this.#spec = parseModelSpec(spec);
    this.#settings = settings;
    this.parameterCount = parameterCount(this.#spec);
  }

  initialParams(seed: number): Float32Array {
    return initialParams(this.#spec, seed);
  }

  async train(job: LocalTraining): Promise<TrainedParams> {
    this.#check(job.params, job.examples);
    checkTraining(job);
    const session = this.#session("train", trainingGraph);
    const examples = exampleTensors(job.examples);
    const batches = batchTensors(job.examples.count, job.batchSize, job.learningRate);
    let params = job.params;
    let engineSeconds = 0;
    for (let epoch = 0; epoch < job.localEpochs; epoch++) {
      const order = new Tensor("int32", exampleOrder(job.examples.count, job.seed, epoch));
      const startedAt = performance.now();
      const { trained } = await session.run({ params: paramsTensor(params), ...examples, ...batches, order });
      engineSeconds += (performance.now() - startedAt) / 1000;
      params = (trained as Tensor).data as Float32Array;
    }
    return { params, steps: job.localEpochs * Math.ceil(job.examples.count / job.batchSize), engineSeconds };
  }

  async evaluate(params: Float32Array, examples: Examples): Promise<Evaluation> {
    this.#check(params, examples);
    const session = this.#session("evaluate", evaluationGraph);
    let logLikelihood = 0;
    let correct = 0;
    for (const chunk of chunks(examples)) {
      const outputs = await session.run({ params: paramsTensor(params), ...exampleTensors(chunk) });
      logLikelihood += sumOf(outputs["logLikelihood"]);
      correct += sumOf(outputs["correct"]);
    }
    return { loss: -logLikelihood / examples.count, accuracy: correct / examples.count };
  }

  async lossGradient(params: Float32Array, examples: Examples): Promise<LossGradient> {
    this.#check(params, examples);
    const session = this.#session("gradient", gradientGraph);
    const scale = new Tensor("float32", Float32Array.of(1 / examples.count), []);
    let logLikelihood = 0;
    let gradient: Float32Array | undefined;
    for (const chunk of chunks(examples)) {
      const outputs = await session.run({ params: paramsTensor(params), ...exampleTensors(chunk), scale });
      logLikelihood += sumOf(outputs["logLikelihood"]);
      gradient = addTo(gradient, (outputs["gradient"] as Tensor).data as Float32Array);
    }
    return { loss: -logLikelihood / examples.count, gradient: gradient as Float32Array };
  }

  contributions({ examples, ...path }: ScoringRound): Promise<Float64Array> {
    const lossGradient = async (at: Float32Array): Promise<Float32Array> =>
      (await this.lossGradient(at, examples)).gradient;
    return pathContributions({ ...path, lossGradient });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#sessions.values()].map((session) => session.release()));
    this.#sessions.clear();
  }

  #session(name: string, graph: (spec: ModelSpec) => ReturnType<typeof trainingGraph>): SessionHandle {
    const held = this.#sessions.get(name);
    if (held !== undefined) return held;
    const key = `${name} ${JSON.stringify(this.#spec)}`;
    const session = acquireSession(key, () => graph(this.#spec), this.#settings);
    this.#sessions.set(name, session);
    return session;
  }

  #check(params: Float32Array, examples: Examples): void {
    if (this.#closed) throw new PacelineError("closed", "the trainer was used after close()");
    if (params.length !== this.parameterCount) {
      throw new PacelineError("bad-argument", `the model has ${this.parameterCount} parameters, got ${params.length}`);
    }
    checkExamples(this.#spec, examples);
  }
}

/** The order in which an epoch visits the examples: a shuffle that the seed and the epoch's index decide. */
export function exampleOrder(count: number, seed: readonly number[], epoch: number): Int32Array {
  return seededRandom(...seed, epoch).shuffle(Int32Array.from({ length: count }, (_, i) => i));
}

function checkTraining({ localEpochs, batchSize, learningRate, examples }: LocalTraining): void {
  if (!Number.isInteger(localEpochs) || localEpochs < 1)
    throw new PacelineError("bad-argument", `localEpochs is at least 1, got ${localEpochs}`);
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new PacelineError("bad-argument", `batchSize is at least 1, got ${batchSize}`);
  if (!(learningRate > 0 && learningRate <= 1000)) {
    throw new PacelineError("bad-argument", `learningRate is above 0 and at most 1000, got ${learningRate}`);
  }
  if (examples.count > 2 ** 31 - 1 - batchSize)
    throw new PacelineError("bad-argument", "too many examples for 32-bit indices");
}

function checkExamples(spec: ModelSpec, { count, width, classes, features, labels }: Examples): void {
  if (count < 1) throw new PacelineError("bad-argument", "there are no examples");
  if (width !== spec.inputs)
    throw new PacelineError("bad-argument", `the model takes ${spec.inputs} features, the examples have ${width}`);
  if (classes > spec.classes)
    throw new PacelineError("bad-argument", `the model tells ${spec.classes} classes, the examples have ${classes}`);
  if (features.length !== count * width || labels.length !== count) {
    throw new PacelineError(
      "bad-argument",
      `${count} examples of width ${width} do not match ${features.length} features and ${labels.length} labels`,
    );
  }
  const stray = labels.find((label) => label < 0 || label >= spec.classes);
  if (stray !== undefined) throw new PacelineError("bad-argument", `label ${stray} is outside 0 … ${spec.classes - 1}`);
}

function batchTensors(
  count: number,
  batchSize: number,
  learningRate: number,
): Record<"starts" | "ends" | "scales", Tensor> {
  const starts = Int32Array.from({ length: Math.ceil(count / batchSize) }, (_, step) => step * batchSize);
  const ends = starts.map((start) => Math.min(start + batchSize, count));
  const scales = Float32Array.from(starts, (start, step) => -learningRate / ((ends[step] as number) - start));
  return {
    starts: new Tensor("int32", starts),
    ends: new Tensor("int32", ends),
    scales: new Tensor("float32", scales),
  };
}

function paramsTensor(params: Float32Array): Tensor {
  return new Tensor("float32", params, [params.length]);
}

function exampleTensors({ count, width, features, labels }: Examples): Record<"features" | "labels", Tensor> {
  return { features: new Tensor("float32", features, [count, width]), labels: new Tensor("int32", labels, [count]) };
}

function* chunks(examples: Examples): Generator<Examples> {
  for (let from = 0; from < examples.count; from += CHUNK_EXAMPLES) {
    const to = Math.min(from + CHUNK_EXAMPLES, examples.count);
    yield {
      ...examples,
      count: to - from,
      features: examples.features.subarray(from * examples.width, to * examples.width),
      labels: examples.labels.subarray(from, to),
    };
  }
}

function sumOf(tensor: Tensor | undefined): number {
  let sum = 0;
  for (const value of tensor?.data as Float32Array) sum += value;
  return sum;
}

function addTo(sum: Float32Array | undefined, addend: Float32Array): Float32Array {
  if (sum === undefined) return addend;
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (addend[i] as number);
  return sum;
}
