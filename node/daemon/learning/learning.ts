import { columnMeans } from "../../data/columnMeans.ts";
import type { DataContract } from "../../data/contract.ts";
import { selectExamples, type Dataset } from "../../data/dataset.ts";
import type { EngineSettings } from "../../training/engine.ts";
import type { EvaluationResult } from "../../training/metrics/evaluation.ts";
import { initialParams, parameterCount, type Model } from "../../training/models/model.ts";
import type { Trainer } from "../../training/trainer.ts";
import { openTrainer } from "../adapters.ts";
import { evaluationOf } from "../job/evaluation.ts";
import { createFittingLearner, initialVector } from "./federatedFit.ts";
import type { JobSpec } from "../job/jobSpec.ts";
import { createLearner, type Learner } from "./learner.ts";
import type { DataSettings } from "../home/homeSchemas.ts";
import { loadOwnData } from "./ownData.ts";

export interface LearningOptions {
  readonly data: DataSettings;
  readonly engine: EngineSettings;
  readonly spec: JobSpec;
  readonly model: Model;
}

/** A daemon's data and engine, behind what it asks of them. */
export interface Learning {
  /** Undefined for who only watches. */
  readonly learner: Learner | undefined;
  readonly initialParams: () => Float32Array;
  /** The model on the participant's own validation examples; undefined while the federation has not agreed how to read them. */
  readonly evaluate: (vector: Float32Array) => Promise<EvaluationResult | undefined>;
  close(): Promise<void>;
}

/** Of who has no data: it knows what the job starts from, and learns nothing. */
export function watching(spec: JobSpec, model: Model): Learning {
  return {
    learner: undefined,
    initialParams: () => initialVector(spec, model),
    evaluate: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  };
}

/** What an engine cannot do on this machine it says before anybody relies on the participant. */
async function tryOut(engine: Trainer, model: Model, examples: Dataset): Promise<void> {
  await engine.lossGradient(initialParams(model, 0), selectExamples(examples, [0]));
}

/**
 * @param seed decides the order of examples, with the round
 * @throws PacelineError `not-found`; `bad-input` naming file, row and column of what breaks the job's data contract; `unsupported`
 *   where the engine cannot train the model here
 */
export async function openLearning(options: LearningOptions, seed: readonly number[]): Promise<Learning> {
  const { spec, model, data, engine: engineSettings } = options;
  let evaluate: ((params: Float32Array) => Promise<EvaluationResult>) | undefined;
  let trainer: Trainer | undefined;
  const open = async (contract: DataContract): Promise<Learner> => {
    const fitted: JobSpec = { ...spec, data: { ...spec.data, contract } };
    const { train, heldOut: validation } = await loadOwnData(data, fitted, model);
    const engine = await openTrainer(model, { examples: train.count, place: "daemon", engine: engineSettings });
    trainer = engine;
    await tryOut(engine, model, validation);
    evaluate = (params) => engine.evaluate(params, validation, evaluationOf(fitted, model));
    return createLearner({ trainer: engine, train, validation, spec: fitted, seed });
  };
  const { contract } = spec.data;
  const learner =
    spec.data.fit === "federated" && contract.kind === "table"
      ? createFittingLearner({
          spec,
          parameterCount: parameterCount(model),
          means: await columnMeans(data.source, contract),
          open,
        })
      : await open(contract);
  return {
    learner,
    initialParams: () => initialVector(spec, model),
    async evaluate(vector) {
      return evaluate?.(vector.subarray(0, parameterCount(model)));
    },
    async close() {
      await trainer?.close();
    },
  };
}
