import { expect } from "chai";
import { it } from "mocha";
import type { OptimiserSpec } from "../../../node/training/optimiserSpec.ts";
import type { LocalPlan } from "../../../node/training/trainer.ts";
import { expectClose, linear, LINEAR, PLAN, SEED, type TrainerOf } from "./trials.ts";
import { referenceTrained } from "./referenceTraining.ts";

const OPTIMISERS: Readonly<Record<string, OptimiserSpec>> = {
  "gradient descent": { kind: "sgd" },
  "gradient descent with decay, clipping and FedProx": {
    kind: "sgd",
    weightDecay: 0.3,
    clipGradientNorm: 0.2,
    proximal: 0.7,
  },
  "gradient descent with decay and FedProx": { kind: "sgd", weightDecay: 0.3, proximal: 0.7 },
  momentum: { kind: "momentum", momentum: 0.8 },
  "momentum after Nesterov, with decay and FedProx": {
    kind: "momentum",
    momentum: 0.8,
    nesterov: true,
    weightDecay: 0.3,
    proximal: 0.7,
  },
  Adam: { kind: "adam" },
  "Adam with its own settings, decay and clipping": {
    kind: "adam",
    beta1: 0.8,
    beta2: 0.9,
    epsilon: 1e-3,
    weightDecay: 0.3,
    clipGradientNorm: 0.2,
  },
  "AdamW with decay and FedProx": { kind: "adamw", weightDecay: 0.5, proximal: 0.7 },
};

export function describeOptimisers(trainerOf: TrainerOf): void {
  for (const [optimiserName, optimiser] of Object.entries(OPTIMISERS)) {
    it(`steps by ${optimiserName} as it is by hand`, async () => {
      const { trainer, params, examples } = linear(trainerOf);
      const plan = { ...PLAN, optimiser };
      const trained = await trainer.train({ params, examples, plan, seed: SEED });
      expectClose(trained.params, referenceTrained(LINEAR, params, examples, plan), 2e-5);
    });
  }

  it("lowers the learning rate by steps, and warms it up before a cosine", async () => {
    const { trainer, params, examples } = linear(trainerOf);
    const halving: LocalPlan = { ...PLAN, schedule: { kind: "step", everySteps: 2, factor: 0.5 } };
    const halved = await trainer.train({ params, examples, plan: halving, seed: SEED });
    expectClose(
      halved.params,
      referenceTrained(LINEAR, params, examples, PLAN, (step) => 0.1 * 0.5 ** (step >> 1)),
      1e-5,
    );
    const waving: LocalPlan = { ...PLAN, schedule: { kind: "cosine", floor: 0.1, warmupSteps: 3 } };
    const waved = await trainer.train({ params, examples, plan: waving, seed: SEED });
    const rate = (step: number): number =>
      step < 3 ? (0.1 * (step + 1)) / 3 : 0.01 + 0.09 * Math.cos(((step - 3) * Math.PI) / 12) ** 2;
    expectClose(waved.params, referenceTrained(LINEAR, params, examples, PLAN, rate), 1e-5);
  });

  it("takes exactly the localSteps that it is given, over the ends of passes", async () => {
    const { trainer, params, examples } = linear(trainerOf);
    for (const localSteps of [1, 5, 7]) {
      const plan = { ...PLAN, length: { localSteps } };
      const trained = await trainer.train({ params, examples, plan, seed: SEED });
      expect(trained.steps).to.equal(localSteps);
      expectClose(trained.params, referenceTrained(LINEAR, params, examples, plan), 1e-5);
    }
  });
}
