import { afterEach, describe, it } from "mocha";
import { expect } from "chai";
import { PacelineError } from "../../node/core/errors.ts";
import { seededRandom } from "../../node/core/random.ts";
import { exampleOrder } from "../../node/training/batches.ts";
import { zooModel } from "../../node/training/models/zooSpec.ts";
import { OnnxTrainer } from "../../node/training/onnxTrainer.ts";
import { openSessionCount } from "../../node/training/onnx/sessions.ts";
import type { Examples, LocalPlan } from "../../node/training/trainer.ts";
import {
  type DenseSpec,
  inputOf,
  referenceEpoch,
  referenceForward,
  referenceGradient,
  referenceLoss,
} from "./referenceSgd.ts";

const softmax: DenseSpec = { kind: "softmax-regression", inputs: 7, classes: 4 };
const perceptron: DenseSpec = { kind: "mlp", inputs: 7, hidden: [9, 6], classes: 4 };

function someExamples(count: number, spec: DenseSpec = perceptron, seed = 11): Examples {
  const random = seededRandom(seed);
  return {
    count,
    inputs: [
      {
        shape: [spec.inputs],
        values: Float32Array.from({ length: count * spec.inputs }, () => random.normal()),
      },
    ],
    targets: { shape: [], values: Int32Array.from({ length: count }, () => random.below(spec.classes)) },
    classes: spec.classes,
  };
}

const sgd = (localEpochs: number, batchSize: number, learningRate: number): LocalPlan => ({
  length: { localEpochs },
  batchSize,
  learningRate,
  optimiser: { kind: "sgd" },
});

/** Params with non-zero biases, so that a forgotten bias shows. */
function someParams(count: number): Float32Array {
  const random = seededRandom(5, count);
  return Float32Array.from({ length: count }, () => 0.5 * random.normal());
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).to.equal(b.length);
  return Array.from(a).reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

describe("the ONNX trainer", () => {
  const opened: OnnxTrainer[] = [];
  const open = (spec: DenseSpec): OnnxTrainer => {
    const trainer = new OnnxTrainer(zooModel(spec));
    opened.push(trainer);
    return trainer;
  };
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((trainer) => trainer.close()));
  });

  for (const spec of [softmax, perceptron]) {
    describe(`of a ${spec.kind}`, () => {
      it("gives the gradient that finite differences of the loss give", async () => {
        const trainer = open(spec);
        const examples = someExamples(13, spec);
        const params = someParams(trainer.parameterCount);
        const { gradient } = await trainer.lossGradient(params, examples);
        const step = 1e-5;
        const differences = Float64Array.from(params, (_, i) => {
          const moved = (by: number): Float64Array =>
            Float64Array.from(params, (value, j) => (i === j ? value + by : value));
          return (
            (referenceLoss(spec, moved(step), examples) - referenceLoss(spec, moved(-step), examples)) / (2 * step)
          );
        });
        expect(largestDifference(gradient, differences)).to.be.below(2e-6);
        expect(Math.max(...gradient)).to.be.above(0.05);
      });

      it("takes the same steps as SGD in plain loops, a smaller last batch included", async () => {
        const trainer = open(spec);
        const examples = someExamples(23, spec);
        const params = someParams(trainer.parameterCount);
        const trained = await trainer.train({ params, examples, plan: sgd(3, 5, 0.3), seed: [4, 2] });
        let expected: Float64Array = Float64Array.from(params);
        for (let epoch = 0; epoch < 3; epoch++) {
          expected = referenceEpoch(spec, expected, examples, [...exampleOrder(23, [4, 2], epoch)], 5, 0.3);
        }
        expect(trained.steps).to.equal(15);
        expect(largestDifference(trained.params, expected)).to.be.below(1e-5);
        expect(largestDifference(trained.params, params)).to.be.above(0.1);
      });

      it("measures loss and accuracy as plain loops do", async () => {
        const trainer = open(spec);
        const examples = someExamples(37, spec);
        const params = someParams(trainer.parameterCount);
        const { loss, metrics } = await trainer.evaluate(params, examples, { metrics: ["accuracy"] });
        const hits = Array.from(examples.targets.values).filter((label, row) => {
          const { probabilities } = referenceForward(spec, params, inputOf(examples, row));
          return probabilities.indexOf(Math.max(...probabilities)) === label;
        });
        expect(loss).to.be.closeTo(referenceLoss(spec, params, examples), 1e-6);
        expect(metrics.accuracy).to.equal(hits.length / 37);
        expect(hits.length).to.be.within(1, 36);
      });
    });
  }

  it("treats a batch larger than the data as one step on all of it", async () => {
    const trainer = open(perceptron);
    const examples = someExamples(6);
    const params = someParams(trainer.parameterCount);
    const { params: trained, steps } = await trainer.train({ params, examples, plan: sgd(1, 64, 0.5), seed: [1] });
    const gradient = referenceGradient(perceptron, Float64Array.from(params), examples, [0, 1, 2, 3, 4, 5]);
    expect(steps).to.equal(1);
    expect(
      largestDifference(
        trained,
        Float64Array.from(params, (value, i) => value - 0.5 * gradient[i]!),
      ),
    ).to.be.below(1e-6);
  });

  it("needs no more noise for dropout than the examples that there are", async () => {
    const trainer = new OnnxTrainer(zooModel({ kind: "mlp", inputs: 7, hidden: [16_384], classes: 4, dropout: 0.5 }));
    opened.push(trainer);
    const job = { params: trainer.initialParams(4), examples: someExamples(6), seed: [3] };
    const { params } = await trainer.train({ ...job, plan: sgd(2, 6, 0.1) });
    // 65,536 rows of it would be a thousand million numbers
    expect((await trainer.train({ ...job, plan: sgd(2, 65_536, 0.1) })).params).to.deep.equal(params);
  });

  it("evaluates sets larger than one run of the engine exactly", async () => {
    const trainer = open(softmax);
    const examples = someExamples(5000, softmax);
    const params = someParams(trainer.parameterCount);
    const { loss } = await trainer.evaluate(params, examples);
    const withGradient = await trainer.lossGradient(params, examples);
    const expected = referenceGradient(softmax, Float64Array.from(params), examples, [
      ...examples.targets.values.keys(),
    ]);
    expect(loss).to.be.closeTo(referenceLoss(softmax, params, examples), 1e-6);
    expect(withGradient.loss).to.be.closeTo(loss, 1e-7);
    expect(largestDifference(withGradient.gradient, expected)).to.be.below(1e-6);
  });

  it("gives the same bytes for the same seed, others for another, and leaves the given params alone", async () => {
    const examples = someExamples(40);
    const params = someParams(open(perceptron).parameterCount);
    const before = params.slice();
    const train = async (seed: number): Promise<Float32Array> =>
      (await open(perceptron).train({ params, examples, plan: sgd(2, 7, 0.1), seed: [seed, 3] })).params;
    const first = await train(1);
    expect(await train(1)).to.deep.equal(first);
    expect(await train(2)).to.not.deep.equal(first);
    expect(params).to.deep.equal(before);
  });

  it("serves ten trainers at once as it serves them one after another, from one session", async () => {
    const examples = someExamples(40);
    const trainers = Array.from({ length: 10 }, () => open(perceptron));
    const params = someParams(trainers[0]!.parameterCount);
    const train = async (trainer: OnnxTrainer, i: number): Promise<Float32Array> =>
      (await trainer.train({ params, examples, plan: sgd(2, 7, 0.1 + 0.01 * i), seed: [i] })).params;
    const sessionsBefore = openSessionCount();
    const together = await Promise.all(trainers.map(train));
    expect(openSessionCount() - sessionsBefore).to.equal(1);
    const inTurn: Float32Array[] = [];
    for (const [i, trainer] of trainers.entries()) inTurn.push(await train(trainer, i));
    expect(together).to.deep.equal(inTurn);
    expect(new Set(together.map((trained) => trained.join())).size).to.equal(10);
  });

  it("lets go of a session with its last holder, and says so when used after close()", async () => {
    const before = openSessionCount();
    const spec: DenseSpec = { kind: "softmax-regression", inputs: 7, classes: 3 };
    const [a, b] = [open(spec), open(spec)];
    const examples = someExamples(4, spec);
    const params = a.initialParams(1);
    await Promise.all([a.evaluate(params, examples), b.evaluate(params, examples)]);
    await a.close();
    await b.evaluate(params, examples);
    expect(openSessionCount()).to.equal(before + 1);
    await b.close();
    expect(openSessionCount()).to.equal(before);
    const error = await b.evaluate(params, examples).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(PacelineError).with.property("code", "closed");
  });

  it("refuses params and examples that do not fit the model", async () => {
    const trainer = open(perceptron);
    const examples = someExamples(5);
    const params = someParams(trainer.parameterCount);
    const wrong: readonly [Float32Array, Examples, RegExp][] = [
      [params.subarray(1), examples, /parameters/],
      [
        params,
        { ...examples, targets: { shape: [], values: Int32Array.of(0, 1, 2, 3, 4) } },
        /target 4 is outside 0 … 3/,
      ],
      [params, { ...examples, targets: { shape: [], values: Int32Array.of(0, 1, 2, 3, -1) } }, /target -1/],
      [params, { ...examples, targets: { shape: [], values: new Float32Array(5) } }, /the target: .*int32.*float32/],
      [params, { ...examples, count: 4 }, /input features: 4 examples of 7 values, got 35/],
      [params, { ...examples, inputs: [{ ...examples.inputs[0]!, shape: [6] }] }, /features: .*\[7\].*\[6\]/],
      [params, { ...examples, inputs: [] }, /reads 1 inputs, the examples have 0/],
      [params, { ...examples, classes: 5 }, /tells 4 classes, the examples have 5/],
      [params, someExamples(0), /no examples/],
    ];
    for (const [given, data, message] of wrong) {
      const error = await trainer.evaluate(given, data).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(PacelineError).with.property("message").that.matches(message);
    }
  });

  it("refuses training settings that make no sense", async () => {
    const trainer = open(perceptron);
    const job = { params: someParams(trainer.parameterCount), examples: someExamples(5), seed: [1] };
    const wrong: readonly [Partial<LocalPlan>, string][] = [
      [{ length: { localEpochs: 0 } }, "localEpochs"],
      [{ length: { localSteps: 1.5 } }, "localSteps"],
      [{ batchSize: 2.5 }, "batchSize"],
      [{ learningRate: 0 }, "learningRate"],
      [{ learningRate: Number.NaN }, "learningRate"],
    ];
    for (const [change, field] of wrong) {
      const error = await trainer.train({ ...job, plan: { ...sgd(1, 2, 0.1), ...change } }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(PacelineError).with.property("message").that.includes(field);
    }
  });

  it("refuses a mini-batch that no memory would hold, before it is tried", async () => {
    const trainer = new OnnxTrainer(
      zooModel({ kind: "text-classifier", buckets: 100, length: 4096, embedding: 1024, classes: 2 }),
    );
    opened.push(trainer);
    const count = 70; // times 4096 · 1024 values is more than 2^28
    const examples: Examples = {
      count,
      inputs: [{ shape: [4096], values: new Int32Array(count * 4096) }],
      targets: { shape: [], values: new Int32Array(count) },
      classes: 2,
    };
    const job = { params: trainer.initialParams(1), examples, seed: [1] };
    const plan = { length: { localEpochs: 1 }, optimiser: { kind: "sgd" }, learningRate: 0.1 } as const;
    const error = await trainer.train({ ...job, plan: { ...plan, batchSize: 65_536 } }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error)
      .to.be.instanceOf(PacelineError)
      .with.property("message")
      .that.matches(/batch of 70 .*lower batchSize/);
  });
});
