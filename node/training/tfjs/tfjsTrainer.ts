import * as tf from "@tensorflow/tfjs-core";
import { performance } from "node:perf_hooks";
import { messageOf, PacelineError } from "../../core/errors.ts";
import { planBatches, totalTargetWeight } from "../batches.ts";
import { checkExamples, checkInputs, checkParams, checkTrained } from "../checkExamples.ts";
import {
  evaluateOutputs,
  examplesPart,
  joinOutputs,
  partBorders,
  tensorPart,
  type OutputPart,
} from "../exampleParts.ts";
import type { EvaluationResult } from "../metrics/evaluation.ts";
import { initialParams, parameterCount, type Model } from "../models/model.ts";
import { pathContributions } from "../pathScore.ts";
import type {
  EvaluationRequest,
  Examples,
  LocalTraining,
  LossGradient,
  ScoringRound,
  TrainedParams,
  Trainer,
} from "../trainer.ts";
import { type ChosenBackend, chooseBackend, onBackend, type TfjsBackend } from "./backends.ts";
import { checkOperators } from "./interpret.ts";
import { batchTensor, LoadedModel } from "./loadedModel.ts";
import { trainLocally } from "./localTraining.ts";
import { batchLoss } from "./losses.ts";
import { Pass } from "./pass.ts";

/** Examples that are worked on at once where none are trained on: bounds the engine's working memory. */
const CHUNK_EXAMPLES = 256;

export interface TfjsSettings {
  /** The fastest that is there, where none is named. */
  readonly backend?: TfjsBackend;
}

/**
 * The trainer on TensorFlow.js: for machines that ONNX Runtime does not run on, and as the independent oracle of its gradients. A call
 * holds the thread until it is done. The same inputs give the same bytes on the same machine and backend.
 */
export class TfjsTrainer implements Trainer {
  readonly parameterCount: number;
  readonly #model: Model;
  readonly #settings: TfjsSettings;
  #backend: Promise<ChosenBackend> | undefined;
  #closed = false;

  /** @throws PacelineError `unsupported` naming an operator that the engine does not have, and its node */
  constructor(model: Model, settings: TfjsSettings = {}) {
    checkOperators(model.graph);
    this.#model = model;
    this.#settings = settings;
    this.parameterCount = parameterCount(model);
  }

  /** What it computes on, and why not on something faster. */
  backend(): Promise<ChosenBackend> {
    this.#backend ??= chooseBackend(this.#model.graph, this.#settings.backend);
    return this.#backend;
  }

  initialParams(seed: number): Float32Array {
    return initialParams(this.#model, seed);
  }

  async train(job: LocalTraining): Promise<TrainedParams> {
    this.#check(job.params);
    checkExamples(this.#model, job.examples);
    const batches = planBatches(job.examples.count, job.plan, job.seed);
    return this.#run(() => {
      const startedAt = performance.now();
      const params = checkTrained(trainLocally(this.#model, job, batches));
      return { params, steps: batches.starts.length, engineSeconds: (performance.now() - startedAt) / 1000 };
    });
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
    const weight = totalTargetWeight(this.#model, examples);
    return this.#run(() => {
      const loaded = new LoadedModel(this.#model, params);
      try {
        return this.#gradientOver(loaded, examples, weight);
      } finally {
        loaded.dispose();
      }
    });
  }

  contributions({ examples, ...path }: ScoringRound): Promise<Float64Array> {
    const lossGradient = async (at: Float32Array): Promise<Float32Array> =>
      (await this.lossGradient(at, examples)).gradient;
    return pathContributions({ ...path, lossGradient });
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #gradientOver(loaded: LoadedModel, examples: Examples, weight: number): LossGradient {
    let loss = 0;
    const gradient = new Float32Array(this.parameterCount);
    for (const [from, to] of partBorders(examples.count, CHUNK_EXAMPLES)) {
      const part = this.#chunkGradient(loaded, examplesPart(examples, from, to), 1 / weight);
      loss += part.loss;
      for (let i = 0; i < gradient.length; i++) gradient[i]! += part.gradient[i] as number;
    }
    return { loss, gradient };
  }

  /** `scale` times the summed loss, and its gradient. */
  #chunkGradient(loaded: LoadedModel, { inputs, targets, count }: Examples, scale: number): LossGradient {
    return tf.tidy(() => {
      const batch = loaded.inputTensors(inputs, count);
      const goals = batchTensor(targets, count, this.#model.targets.type);
      const { value, grads } = tf.variableGrads(
        () => tf.mul(batchLoss(this.#model.loss, loaded.outputs(batch, new Pass("infer")), goals).sum, scale),
        [...loaded.variables],
      );
      return { loss: value.dataSync()[0] as number, gradient: loaded.flatOf(({ name }) => grads[name]) };
    });
  }

  async *#outputsOf(
    params: Float32Array,
    { count, inputs }: Pick<Examples, "count" | "inputs">,
  ): AsyncGenerator<OutputPart> {
    const loaded = await this.#run(() => new LoadedModel(this.#model, params));
    try {
      for (const [from, to] of partBorders(count, CHUNK_EXAMPLES)) {
        const part = inputs.map((tensor) => tensorPart(tensor, from, to));
        const outputs = await this.#run(() =>
          tf.tidy(() =>
            Float32Array.from(loaded.outputs(loaded.inputTensors(part, to - from), new Pass("infer")).dataSync()),
          ),
        );
        yield { outputs, from, to };
      }
    } finally {
      loaded.dispose();
    }
  }

  async #run<T>(work: () => T): Promise<T> {
    const { name } = await this.backend();
    try {
      return onBackend(name, work);
    } catch (error) {
      if (error instanceof PacelineError) throw error;
      throw new PacelineError("unsupported", `tfjs on ${name}: ${messageOf(error)}`, { backend: name }, error);
    }
  }

  #check(params: Float32Array): void {
    if (this.#closed) throw new PacelineError("closed", "the trainer was used after close()");
    checkParams(this.#model, params);
  }
}
