import { expect } from "chai";
import { describe, it } from "mocha";
import type { JobSpec } from "../../node/daemon/job/jobSpec.ts";
import { createLearner, type Learner } from "../../node/daemon/learning/learner.ts";
import type { Dataset } from "../../node/data/dataset.ts";
import type { ScoringRound, Trainer } from "../../node/training/trainer.ts";

/** Ten classes behind each other, as a folder with a sub-folder for each class is read. */
function sortedByClass(count: number): Dataset {
  return {
    count,
    inputs: [{ shape: [], values: Float32Array.from({ length: count }, (_, i) => i) }],
    targets: { shape: [], values: Int32Array.from({ length: count }, (_, i) => Math.floor((10 * i) / count)) },
    classes: 10,
  };
}

/** The examples that a learner scores on. */
async function scoredOn(validation: Dataset, seed: readonly number[]): Promise<Dataset> {
  const rounds: ScoringRound[] = [];
  const contributions = (round: ScoringRound): Promise<Float64Array> => {
    rounds.push(round);
    return Promise.resolve(Float64Array.of(0.25));
  };
  const learner: Learner = createLearner({
    trainer: { contributions } as unknown as Trainer,
    train: validation,
    validation,
    spec: { scoring: { points: 8 } } as JobSpec,
    seed,
  });
  const update = { values: Int16Array.of(3), exponent: 10, weight: 1 };
  expect(await learner.contributions(new Float32Array(1), [update], Int32Array.of(768))).to.deep.equal(
    Float64Array.of(0.25),
  );
  return rounds[0]!.examples as Dataset;
}

describe("a participant's learner", () => {
  it("scores on a sample of all its validation examples where they are many", async () => {
    const examples = await scoredOn(sortedByClass(3000), [5]);
    expect(examples.count).to.equal(512);
    const perClass = Array.from({ length: 10 }, (_, k) => examples.targets.values.filter((t) => t === k).length);
    // 51 are expected of each; below 25 or above 80 are five standard deviations away
    expect(Math.min(...perClass)).to.be.at.least(25);
    expect(Math.max(...perClass)).to.be.at.most(80);
    expect(new Set(examples.inputs[0]!.values).size).to.equal(512);
  });

  it("scores on the same sample in every round and after a restart, and on all where they are few", async () => {
    const many = sortedByClass(700);
    expect(await scoredOn(many, [5, 2])).to.deep.equal(await scoredOn(many, [5, 2]));
    expect((await scoredOn(many, [5, 3])).inputs).not.to.deep.equal((await scoredOn(many, [5, 2])).inputs);
    const few = sortedByClass(512);
    expect(await scoredOn(few, [5])).to.equal(few);
  });
});
