import { afterEach, describe } from "mocha";
import type { Model } from "../../node/training/models/model.ts";
import type { Trainer } from "../../node/training/trainer.ts";
import { describeTrainingLayers } from "./trainer/layers.ts";
import { describeLosses } from "./trainer/losses.ts";
import { describeOptimisers } from "./trainer/optimisers.ts";
import { describeRefusals } from "./trainer/refusals.ts";
import { describeSets } from "./trainer/sets.ts";

/** What every engine must do. `create` makes a trainer of a model. */
export function describeTrainerConformance(name: string, create: (model: Model) => Trainer): void {
  describe(`${name}: conformance of a trainer`, () => {
    const open: Trainer[] = [];
    const trainerOf = (model: Model): Trainer => {
      const trainer = create(model);
      open.push(trainer);
      return trainer;
    };
    afterEach(async () => {
      await Promise.all(open.splice(0).map((trainer) => trainer.close()));
    });
    describeLosses(trainerOf);
    describeOptimisers(trainerOf);
    describeTrainingLayers(trainerOf);
    describeSets(trainerOf);
    describeRefusals(trainerOf);
  });
}
