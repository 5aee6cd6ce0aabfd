import { performance } from "node:perf_hooks";
import { Tensor } from "onnxruntime-node";
import { PacelineError } from "../core/errors.ts";
import { biasCorrections, planBatches, totalTargetWeight, type Batches } from "./batches.ts";
import { checkExamples, checkInputs, checkParams, checkTrained } from "./checkExamples.ts";
import { dropoutNoise, noiseLength, noiseOffset } from "./dropoutNoise.ts";
import {
  evaluateOutputs,
  examplesPart,
  joinOutputs,
  partBorders,
  tensorPart,
  type OutputPart,
} from "./exampleParts.ts";
import type { ElementType, Graph, Value } from "./graph/graph.ts";
import type { EvaluationResult } from "./metrics/evaluation.ts";
import { elementCount, initialParams, parameterCount, type Model } from "./models/model.ts";
import { gradientGraph, predictionGraph } from "./onnx/evaluationGraphs.ts";
import { normalisesInGraph } from "./onnx/losses.ts";
import { takesSteps } from "./onnx/optimisers.ts";
import { paramFeeds, paramFetches } from "./onnx/paramFeeds.ts";
import { acquireSession, type SessionHandle } from "./onnx/sessions.ts";
import type { SessionSettings } from "./onnx/sessionSettings.ts";
import { planTables } from "./onnx/tablePlan.ts";
import { trainingGraph } from "./onnx/trainingGraph.ts";
import { pathContributions } from "./pathScore.ts";
import type {
  EvaluationRequest,
  Examples,
  ExampleTensor,
  LocalPlan,
  LocalTraining,
  LossGradient,
  ScoringRound,
  TrainedParams,
  Trainer,
} from "./trainer.ts";
import { inVisitingOrder, isNarrow } from "./visitingOrder.ts";

/** Examples per run of the prediction and gradient graphs, at most. */
const CHUNK_EXAMPLES = 2048;
/** Values that the largest tensor of such a run may have: bounds the engine's working memory. */
const CHUNK_VALUES = 2 ** 21;
/** Values that the largest tensor of a training step may have: 1 GB. */
const MAX_STEP_VALUES = 2 ** 28;
/** From so many values of the largest tensor on, memory counts more than a little time. */
const FRUGAL_VALUES = 2 ** 20;

interface OpenGraph {
  readonly session: SessionHandle;
  /** Values an example of the graph's largest tensor. */
  readonly largest: number;
}

/**
 * The trainer on ONNX Runtime. A round's local training is one run of the engine. Runs are serial within the process, so many
 * trainers may be used at once; on the CPU the same inputs give the same bytes on the same machine.
 */
export class OnnxTrainer implements Trainer {
  readonly parameterCount: number;
  readonly #model: Model;
  readonly #settings: SessionSettings;
  readonly #graphs = new Map<string, OpenGraph>();
  #closed = false;

  constructor(model: Model, settings: SessionSettings = { threads: 1 }) {
    this.#model = model;
    this.#settings = settings;
    this.parameterCount = parameterCount(model);
  }

  initialParams(seed: number): Float32Array {
    return initialParams(this.#model, seed);
  }

  async train({ params, examples, plan, seed }: LocalTraining): Promise<TrainedParams> {
    this.#check(params);
    checkExamples(this.#model, examples);
    const batches = planBatches(examples.count, plan, seed);
    const layout = {
      tables: planTables(this.#model, plan.optimiser, { batchSize: plan.batchSize, examples: examples.count }),
      inOrder: isNarrow(this.#model),
    };
    const batch = Math.min(plan.batchSize, examples.count);
    const build = (): Graph => trainingGraph(this.#model, plan.optimiser, layout);
    const { session, largest } = this.#open(`train ${JSON.stringify([plan.optimiser, layout])}`, build, batch);
    requireRoom(batch, largest);
    const feeds = {
      ...paramFeeds(this.#model.tensors, params),
      ...this.#exampleFeeds(layout.inOrder ? inVisitingOrder(examples, batches.order) : examples),
      ...(layout.inOrder ? {} : { order: new Tensor("int32", batches.order, [batches.order.length]) }),
      ...stepFeeds(this.#model, plan, batches),
      ...noiseFeeds(this.#model, batches, seed),
    };
    const startedAt = performance.now();
    const trained = new Float32Array(params.length);
    await session.run(feeds, paramFetches(this.#model.tensors, trained, "trained"));
    const engineSeconds = (performance.now() - startedAt) / 1000;
    return {
      params: checkTrained(trained),
      steps: batches.starts.length,
      engineSeconds,
    };
  }

  async predict(params: Float32Array, examples: Pick<Examples, "count" | "inputs">): Promise<Float32Array> {
    this.#check(params);
    checkInputs(this.#model, examples);
    return joinOutputs(this.#outputsOf(params, examples));
  }

  async evaluate(params: Float32Array, examples: Examples, request: EvaluationRequest = {}): Promise<EvaluationResult> {
    this.#check(params);
    checkExamples(this.#model, examples);
    return evaluateOutputs(this.#model, examples, request, this.#outputsOf(params, examples));
  }

  async lossGradient(params: Float32Array, examples: Examples): Promise<LossGradient> {
    this.#check(params);
    checkExamples(this.#model, examples);
    const { session, largest } = this.#open("gradient", () => gradientGraph(this.#model));
    const weight = totalTargetWeight(this.#model, examples);
    const scale = new Tensor("float32", Float32Array.of(1 / weight), []);
    const { tensors } = this.#model;
    const flat = paramFeeds(tensors, params);
    const gradient = new Float32Array(params.length);
    const ofChunk = new Float32Array(params.length);
    let sum = 0;
    for (const [from, to] of partBorders(examples.count, chunkOf(largest))) {
      const feeds = { ...flat, ...this.#exampleFeeds(examplesPart(examples, from, to)), scale };
      const { lossSum } = await session.run(feeds, { lossSum: null, ...paramFetches(tensors, ofChunk, "gradient") });
      sum += (lossSum?.data as Float32Array)[0] as number;
      for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i] as number) + (ofChunk[i] as number);
    }
    return { loss: sum / weight, gradient };
  }

  contributions({ examples, ...path }: ScoringRound): Promise<Float64Array> {
    const lossGradient = async (at: Float32Array): Promise<Float32Array> =>
      (await this.lossGradient(at, examples)).gradient;
    return pathContributions({ ...path, lossGradient });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const sessions = [...this.#graphs.values()];
    this.#graphs.clear();
    await Promise.all(sessions.map(({ session }) => session.release()));
  }

  async *#outputsOf(params: Float32Array, examples: Pick<Examples, "count" | "inputs">): AsyncGenerator<OutputPart> {
    const { session, largest } = this.#open("predict", () => predictionGraph(this.#model));
    const flat = paramFeeds(this.#model.tensors, params);
    for (const [from, to] of partBorders(examples.count, chunkOf(largest))) {
      const inputs = examples.inputs.map((tensor) => tensorPart(tensor, from, to));
      const { outputs } = await session.run({ ...flat, ...this.#inputFeeds({ count: to - from, inputs }) });
      yield { outputs: (outputs as Tensor).data as Float32Array, from, to };
    }
  }

  /** @param batch examples that a run works on together; by default as many as `chunkOf` says */
  #open(name: string, build: () => Graph, batch?: number): OpenGraph {
    const held = this.#graphs.get(name);
    if (held !== undefined) return held;
    const graph = build();
    const largest = largestPart(graph);
    const frugal = (batch ?? chunkOf(largest)) * largest > FRUGAL_VALUES;
    const opened = { session: acquireSession(graph, { ...this.#settings, frugal }), largest };
    this.#graphs.set(name, opened);
    return opened;
  }

  #exampleFeeds(examples: Examples): Record<string, Tensor> {
    return {
      ...this.#inputFeeds(examples),
      targets: exampleTensor(examples.targets, examples.count, this.#model.targets.type),
    };
  }

  #inputFeeds({ count, inputs }: Pick<Examples, "count" | "inputs">): Record<string, Tensor> {
    const types = this.#model.graph.inputs.map(({ type }) => type);
    return Object.fromEntries(
      inputs.map((tensor, i) => [`input${i}`, exampleTensor(tensor, count, types[i] as ElementType)]),
    );
  }

  #check(params: Float32Array): void {
    if (this.#closed) throw new PacelineError("closed", "the trainer was used after close()");
    checkParams(this.#model, params);
  }
}

function exampleTensor({ shape, values }: ExampleTensor, count: number, type: ElementType): Tensor {
  const dims = [count, ...shape];
  if (type === "int64") return new Tensor("int64", BigInt64Array.from(values as Int32Array, BigInt), dims);
  return type === "int32"
    ? new Tensor("int32", values as Int32Array, dims)
    : new Tensor("float32", values as Float32Array, dims);
}

/** What the training graph reads by step. */
function stepFeeds(
  model: Model,
  { optimiser }: Pick<LocalPlan, "optimiser">,
  batches: Batches,
): Record<string, Tensor> {
  const { starts, ends, learningRates } = batches;
  const perExample = normalisesInGraph(model) ? 0 : elementCount(model.targets.shape);
  const corrections = Array.from(starts, (_start, step) => biasCorrections(optimiser, step));
  const scales = Float32Array.from(starts, (start, step) => {
    const each = perExample === 0 ? 1 : 1 / (perExample * ((ends[step] as number) - start));
    return takesSteps(optimiser) ? -(learningRates[step] as number) * each : each;
  });
  const floats = (values: Float32Array): Tensor => new Tensor("float32", values, [values.length]);
  return {
    starts: new Tensor("int32", starts, [starts.length]),
    ends: new Tensor("int32", ends, [ends.length]),
    scales: floats(scales),
    learningRates: floats(Float32Array.from(learningRates, (rate, step) => rate * (corrections[step]?.first ?? 1))),
    secondScales: floats(Float32Array.from(corrections, ({ second }) => second)),
    keeps: floats(Float32Array.from(learningRates, (rate) => 1 - rate * (optimiser.weightDecay ?? 0))),
  };
}

function noiseFeeds({ graph }: Model, { starts, ends }: Batches, seed: readonly number[]): Record<string, Tensor> {
  // the first batch is the largest; the plan's may have room for more examples than there are
  const length = noiseLength(graph, (ends[0] as number) - (starts[0] as number));
  if (length === 0) return {};
  return {
    noise: new Tensor("float32", dropoutNoise(seed, length), [length]),
    noiseOffsets: new Tensor(
      "int64",
      BigInt64Array.from(starts, (_, step) => BigInt(noiseOffset(step, 0))),
    ),
  };
}

/** As many examples as keep the largest tensor within bounds. */
function chunkOf(largest: number): number {
  return Math.max(1, Math.min(CHUNK_EXAMPLES, Math.floor(CHUNK_VALUES / largest)));
}

/** Throws `bad-input` where a step's tensors are beyond what a machine should be asked for. */
function requireRoom(batch: number, largest: number): void {
  if (batch * largest <= MAX_STEP_VALUES) return;
  throw new PacelineError(
    "bad-input",
    `a mini-batch of ${batch} examples makes a tensor of ${batch * largest} values in this model, and ${MAX_STEP_VALUES} are allowed: lower batchSize`,
  );
}

/** Values an example of the largest tensor, those of bodies among them. */
function largestPart({ nodes }: Graph): number {
  return nodes.reduce((most, { outputs, attributes }) => {
    const bodies = Object.values(attributes).map((each) => (each.kind === "graph" ? largestPart(each.value) : 0));
    return Math.max(most, ...outputs.map(perExample), ...bodies);
  }, 1);
}

/** Values an example, of those that grow with the batch. */
function perExample({ shape }: Value): number {
  if (shape.every((dim) => typeof dim === "number")) return 0;
  return shape.reduce<number>((size, dim) => size * (typeof dim === "number" ? dim : Number.parseInt(dim, 10) || 1), 1);
}
