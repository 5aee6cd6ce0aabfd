import { seededRandom } from "../../../core/random.ts";
import { openTrainer } from "../../../daemon/adapters.ts";
import { evaluationOf } from "../../../daemon/job/evaluation.ts";
import type { JobSpec } from "../../../daemon/job/jobSpec.ts";
import { createLearner, type Learner } from "../../../daemon/learning/learner.ts";
import { initialParams, parameterCount, type Model } from "../../../training/models/model.ts";
import type { Holding } from "../data.ts";
import { openSimulatedJob, openSimulatedSpec } from "../simulatedJob.ts";
import type { VirtualSettings } from "./settings.ts";

/** Of a global model on examples that nobody trains on. */
export interface Quality {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** What the peers of a virtual federation learn. */
export interface VirtualLearning {
  readonly spec: JobSpec;
  readonly model: Model;
  readonly initialParams: Float32Array;
  /** Of the peer at `index`; newcomers take the parts of the first ones over. */
  learner(index: number): Learner;
  /** Undefined where nobody learns. */
  evaluate(params: Float32Array): Promise<Quality | undefined>;
  close(): Promise<void>;
}

/** @throws PacelineError `bad-input` where job, model and data do not fit each other */
export function openVirtualLearning(settings: VirtualSettings): Promise<VirtualLearning> {
  return settings.trainer === "learn" ? openLearning(settings) : openNoise(settings);
}

/** One engine in a thread of its own for all of them, beside the thread of the protocol. */
async function openLearning({ simulation }: VirtualSettings): Promise<VirtualLearning> {
  const { spec, model, data } = await openSimulatedJob(simulation);
  const trainer = await openTrainer(model, { examples: data.test.count, place: "shared" });
  return {
    spec,
    model,
    initialParams: initialParams(model, spec.seed),
    learner(index) {
      const { train, validation } = data.holdings[index % data.holdings.length] as Holding;
      return createLearner({ trainer, train, validation, spec, seed: [simulation.seed, index] });
    },
    async evaluate(params) {
      const { loss = 0, metrics } = await trainer.evaluate(params, data.test, evaluationOf(spec, model));
      return { loss, metrics };
    },
    close: () => trainer.close(),
  };
}

/** Of a random update's values: as of an honest one's. */
const NOISE_STDDEV = 0.01;
/** Most examples that a peer claims to have. */
const MOST_CLAIMED = 200;

async function openNoise({ simulation }: VirtualSettings): Promise<VirtualLearning> {
  const { spec, model } = await openSimulatedSpec(simulation);
  const length = parameterCount(model);
  const { seed } = simulation;
  return {
    spec,
    model,
    initialParams: initialParams(model, spec.seed),
    learner: (index) => ({
      exampleCount: 1 + seededRandom(seed, 2, index).below(MOST_CLAIMED),
      localUpdate(_, round) {
        const random = seededRandom(seed, 3, index, round);
        return Promise.resolve(Float32Array.from({ length }, () => NOISE_STDDEV * random.normal()));
      },
      contributions(_, updates) {
        const random = seededRandom(seed, 4, index, updates.length);
        return Promise.resolve(updates.map(() => random.uniform()));
      },
    }),
    evaluate: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  };
}
