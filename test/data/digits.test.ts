import { hash } from "node:crypto";
import { describe, it } from "mocha";
import { expect } from "chai";
import { PacelineError } from "../../node/core/errors.ts";
import { selectExamples, type Dataset } from "../../node/data/dataset.ts";
import { generateDigits } from "../../node/data/digits.ts";
import { OnnxTrainer } from "../../node/training/onnxTrainer.ts";
import { fitExamples } from "../../node/training/models/fitExamples.ts";
import { type ZooSpecInput, zooModel, zooSchema } from "../../node/training/models/zooSpec.ts";

const featuresOf = ({ inputs }: Dataset): Float32Array => inputs[0]?.values as Float32Array;
const labelsOf = ({ targets }: Dataset): Int32Array => targets.values as Int32Array;

describe("the drawn digits", () => {
  it("are the same bytes for the same seed, on this machine and on others", () => {
    const digits = generateDigits({ count: 200, seed: 6 });
    const features = featuresOf(digits);
    const bytes = Uint8Array.from(features, (value) => Math.round(255 * value));
    expect(hash("sha256", bytes)).to.equal("56a476dd2e5c863394873f04987f0f86fe5b84b1c28e28b6b408e5c861ff0cd0");
    expect([...labelsOf(digits).subarray(0, 12)]).to.deep.equal([0, 6, 8, 9, 4, 6, 6, 3, 4, 7, 3, 6]);
    expect(featuresOf(generateDigits({ count: 200, seed: 7 }))).to.not.deep.equal(features);
  });

  it("are grey levels between paper and ink, a tenth of it inked, all ten about equally often", () => {
    const digits = generateDigits({ count: 2000, seed: 1 });
    const [features, labels] = [featuresOf(digits), labelsOf(digits)];
    expect(digits.inputs[0]?.shape).to.deep.equal([28, 28, 1]);
    expect(features.every((value) => value >= 0 && value <= 1)).to.equal(true);
    const inked = features.filter((value) => value > 0.5).length / features.length;
    expect(inked).to.be.within(0.06, 0.16);
    for (let digit = 0; digit < 10; digit++)
      expect(labels.filter((label) => label === digit).length).to.be.within(150, 250);
  });

  it("by one writer are more alike than by many", () => {
    const spread = (writers: number): number => {
      const data = generateDigits({ count: 1000, seed: 8, writers });
      const fours = selectExamples(
        data,
        [...labelsOf(data).keys()].filter((i) => labelsOf(data)[i] === 4),
      );
      let variance = 0;
      for (let pixel = 0; pixel < 784; pixel++) {
        const values = Array.from({ length: fours.count }, (_, i) => featuresOf(fours)[i * 784 + pixel]!);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        variance += values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      }
      return variance;
    };
    expect(spread(1)).to.be.below(0.85 * spread(200));
  });

  it("are refused in numbers that make no sense", () => {
    for (const options of [
      { count: 0, seed: 1 },
      { count: 1.5, seed: 1 },
      { count: 5, seed: 1, writers: 0 },
    ]) {
      expect(() => generateDigits(options)).to.throw(PacelineError);
    }
  });

  it("can be read by a perceptron, and clearly less well by a linear model", async function () {
    this.timeout(30_000);
    const train = generateDigits({ count: 3000, seed: 1 });
    const test = generateDigits({ count: 1000, seed: 2 });
    const accuracyOf = async (spec: ZooSpecInput): Promise<number> => {
      const model = zooModel(zooSchema.parse(spec));
      const trainer = new OnnxTrainer(model);
      const { params } = await trainer.train({
        params: trainer.initialParams(1),
        examples: fitExamples(model, train),
        plan: { length: { localEpochs: 12 }, batchSize: 10, optimiser: { kind: "sgd" }, learningRate: 0.05 },
        seed: [1],
      });
      const { metrics } = await trainer.evaluate(params, fitExamples(model, test), { metrics: ["accuracy"] });
      await trainer.close();
      return metrics.accuracy as number;
    };
    const linear = await accuracyOf({ kind: "softmax-regression", inputs: 784, classes: 10 });
    const perceptron = await accuracyOf({ kind: "mlp", inputs: 784, hidden: [64], classes: 10 });
    expect(linear).to.be.within(0.75, 0.9);
    expect(perceptron).to.be.within(0.91, 0.98);
    expect(perceptron - linear).to.be.above(0.05);
  });
});
