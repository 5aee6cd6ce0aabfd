import { after, before, describe, it } from "mocha";
import { expect } from "chai";
import { PacelineError } from "../../node/core/errors.ts";
import { seededRandom } from "../../node/core/random.ts";
import { generateDigits } from "../../node/data/digits.ts";
import { partition } from "../../node/data/partition.ts";
import { selectExamples, type Dataset } from "../../node/data/dataset.ts";
import { additiveShapley } from "../../node/training/additiveShapley.ts";
import { fitExamples } from "../../node/training/models/fitExamples.ts";
import { zooModel } from "../../node/training/models/zooSpec.ts";
import { OnnxTrainer } from "../../node/training/onnxTrainer.ts";
import { pathContributions } from "../../node/training/pathScore.ts";
import { type QuantisedUpdate, meanUpdate, shifted } from "../../node/training/weightedUpdates.ts";

const EXPONENT = 14;
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

function correlation(a: Float64Array, b: Float64Array): number {
  const centred = (values: Float64Array): Float64Array => values.map((value) => value - sum(values) / values.length);
  const [x, y] = [centred(a), centred(b)];
  const product = (p: Float64Array, q: Float64Array): number => sum(p.map((value, i) => value * q[i]!));
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}

const model = zooModel({ kind: "mlp", inputs: 784, hidden: [24], classes: 10 });

function someDigits(count: number, seed: number): Dataset {
  return fitExamples(model, generateDigits({ count, seed }));
}

/** One round of eight members on digits split by Dirichlet 0.5, from a model that two rounds' worth of training has warmed up. */
async function trainRound(trainer: OnnxTrainer): Promise<{ params: Float32Array; updates: QuantisedUpdate[] }> {
  const data = someDigits(1200, 21);
  const plan = { length: { localEpochs: 1 }, batchSize: 10, learningRate: 0.02, optimiser: { kind: "sgd" } } as const;
  const warm = selectExamples(data, [...Array(200).keys()]);
  const { params } = await trainer.train({ params: trainer.initialParams(2), examples: warm, plan, seed: [0] });
  const parts = partition({
    data,
    participants: 8,
    scheme: { kind: "dirichlet", alpha: 0.5 },
    seed: 3,
    minimumCount: 20,
  });
  const updates: QuantisedUpdate[] = [];
  for (const [k, part] of parts.entries()) {
    const trained = await trainer.train({ params, examples: selectExamples(data, part), plan, seed: [k] });
    const values = Int16Array.from(trained.params, (value, i) => Math.round((value - params[i]!) * 2 ** EXPONENT));
    updates.push({ values, exponent: EXPONENT, weight: part.length });
  }
  return { params, updates };
}

describe("contributions along the path, in a round of eight members", () => {
  const trainer = new OnnxTrainer(model);
  const validation = someDigits(300, 22);
  const lossGradient = async (params: Float32Array): Promise<Float32Array> =>
    (await trainer.lossGradient(params, validation)).gradient;
  const loss = async (params: Float32Array): Promise<number> => (await trainer.evaluate(params, validation)).loss!;
  let params: Float32Array;
  let updates: QuantisedUpdate[];
  let parts: Float64Array;

  before(async () => {
    ({ params, updates } = await trainRound(trainer));
    const [first, second, third] = updates as [QuantisedUpdate, QuantisedUpdate, QuantisedUpdate];
    updates[0] = { ...first, values: first.values.map((value) => -value) }; // a sign flipper
    updates[1] = { ...second, values: new Int16Array(second.values.length) }; // an idle member
    updates[2] = { ...(updates[3] as QuantisedUpdate) }; // a twin of member 3
    const random = seededRandom(9);
    updates[4] = { ...third, values: third.values.map(() => Math.round(40 * random.normal())) }; // noise
    parts = await pathContributions({ lossGradient, params, updates });
  });
  after(() => trainer.close());

  it("sum to the measured improvement within one percent", async () => {
    const improvement = (await loss(params)) - (await loss(shifted(params, meanUpdate(updates, params.length), 1)));
    expect(improvement).to.be.above(0.05);
    expect(Math.abs(sum(parts) - improvement)).to.be.below(0.01 * improvement);
  });

  it("pay equal updates equally and a zero update exactly zero", () => {
    expect(parts[2]).to.equal(parts[3]);
    expect(Object.is(parts[1], 0)).to.equal(true);
  });

  it("charge the sign flipper, and pay noise next to nothing", () => {
    const paid = sum(parts.map((part) => Math.max(0, part)));
    expect(parts[0]).to.be.below(-0.01 * paid);
    expect(parts[4]! / paid).to.be.below(0.02);
  });

  it("agree with the exact additive Shapley value (correlation at least 0.99), which sums to the improvement too", async function () {
    this.timeout(20_000);
    const exact = await additiveShapley({ loss, params, updates });
    const improvement = (await loss(params)) - (await loss(shifted(params, meanUpdate(updates, params.length), 1)));
    expect(correlation(parts, exact)).to.be.above(0.99);
    expect(sum(exact)).to.be.closeTo(improvement, 1e-6);
    expect(exact[1]).to.be.closeTo(0, 1e-12);
  });
});

describe("the path's arithmetic", () => {
  /** L(w) = ½ Σ c_i·w_i², whose path integral the midpoint rule takes exactly. */
  const curvature = [3, 0.5, 2, 1, 7];
  const quadratic = async (w: Float32Array): Promise<Float32Array> => w.map((value, i) => curvature[i]! * value);
  const params = Float32Array.of(1, -2, 0.5, 4, -1);
  const update = (values: readonly number[], weight: number, exponent = 3): QuantisedUpdate => ({
    values: Int16Array.from(values),
    exponent,
    weight,
  });

  it("weighs updates by their share and scales them by their exponent", async () => {
    const updates = [update([-4, 8, 0, 2, 3], 3), update([6, 0, -2, -8, 16], 1, 4)];
    const parts = await pathContributions({ lossGradient: quadratic, params, updates, points: 3 });
    const shares = [updates[0]!, updates[1]!].map(({ values, exponent, weight }) =>
      [...values].map((value) => (weight / 4) * value * 2 ** -exponent),
    );
    const expected = shares.map(
      (share) => -sum(share.map((d, i) => curvature[i]! * (params[i]! + (shares[0]![i]! + shares[1]![i]!) / 2) * d)),
    );
    expected.forEach((value, k) => expect(parts[k]).to.be.closeTo(value, 1e-6));
  });

  it("asks for as many gradients as there are points, at the middles of the path's pieces", async () => {
    const asked: number[] = [];
    await pathContributions({
      lossGradient: async (w) => {
        asked.push(w[0]! - params[0]!);
        return w;
      },
      params,
      updates: [update([8, 0, 0, 0, 0], 5)],
      points: 4,
    });
    expect(asked).to.deep.equal([0.125, 0.375, 0.625, 0.875]);
  });

  it("gives a member of weight zero nothing", async () => {
    const parts = await pathContributions({
      lossGradient: quadratic,
      params,
      updates: [update([-8, 16, 0, 0, 0], 2), update([9, 9, 9, 9, 9], 0)],
    });
    expect(parts[0]).to.be.above(1);
    expect(Object.is(parts[1], 0)).to.equal(true);
  });

  it("refuses updates and gradients that do not fit", async () => {
    const attempts: readonly [object, RegExp][] = [
      [{ updates: [update([1, 2], 1)] }, /update 0 has 2 values, the model 5/],
      [{ updates: [update([1, 2, 3, 4, 5], 0)] }, /weights/],
      [{ updates: [] }, /weights/],
      [{ updates: [update([1, 2, 3, 4, 5], 1, 0.5)] }, /exponent/],
      [{ points: 0 }, /points/],
      [{ lossGradient: async () => new Float32Array(4) }, /gradient has 4 values/],
    ];
    for (const [change, message] of attempts) {
      const round = { lossGradient: quadratic, params, updates: [update([1, 2, 3, 4, 5], 1)], ...change };
      const error = await pathContributions(round).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(PacelineError).with.property("message").that.matches(message);
    }
  });
});

describe("the exact additive Shapley value", () => {
  const update = (values: readonly number[]): QuantisedUpdate => ({
    values: Int16Array.from(values),
    exponent: 0,
    weight: 1,
  });

  it("splits what two members only reach together, and the rest by who brings it", async () => {
    // p = 1/3 each, so the params of a coalition count its members; the gain is 6 for {0, 1} together and 1 for member 2
    const loss = async (w: Float32Array): Promise<number> => -((w[0]! >= 0.99 && w[1]! >= 0.99 ? 6 : 0) + w[2]!);
    const values = await additiveShapley({
      loss,
      params: new Float32Array(3),
      updates: [update([3, 0, 0]), update([0, 3, 0]), update([0, 0, 3])],
    });
    [3, 3, 1].forEach((expected, k) => expect(values[k]).to.be.closeTo(expected, 1e-6));
  });

  it("asks for each coalition once and refuses more than twelve members", async () => {
    let calls = 0;
    const loss = async (): Promise<number> => ++calls;
    await additiveShapley({ loss, params: new Float32Array(1), updates: Array.from({ length: 5 }, () => update([1])) });
    expect(calls).to.equal(32);
    const many = Array.from({ length: 13 }, () => update([1]));
    const error = await additiveShapley({ loss, params: new Float32Array(1), updates: many }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(PacelineError).with.property("code", "unsupported");
  });
});
