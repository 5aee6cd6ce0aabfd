import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { seededRandom } from "../../../node/core/random.ts";
import { float } from "../../../node/training/graph/graph.ts";
import { type Model, tensorSlots } from "../../../node/training/models/model.ts";
import { ModelBuilder } from "../../../node/training/models/modelBuilder.ts";
import { classifying, denseLayer } from "../../../node/training/models/zoo/dense.ts";
import { OnnxTrainer } from "../../../node/training/onnxTrainer.ts";
import type { Examples } from "../../../node/training/trainer.ts";

const CHANNELS = 3;

/** Three features, normalised by running statistics, to tell two classes. */
function normalisedModel(): Model {
  const builder = new ModelBuilder();
  const x = builder.example("x", "float32", [CHANNELS]);
  const constant = (value: number) => ({ kind: "constant", value }) as const;
  const normalised = builder.graph.node(
    "BatchNormalization",
    [
      x,
      builder.param("scale", [CHANNELS], constant(1.3)),
      builder.param("bias", [CHANNELS], constant(0.2)),
      builder.param("mean", [CHANNELS], constant(0.5), "statistic"),
      builder.param("variance", [CHANNELS], constant(0.8), "statistic"),
    ],
    { epsilon: float(0.01) },
  );
  return classifying(builder, denseLayer(builder, "dense", normalised, 2), 2);
}

const COUNT = 40;
const random = seededRandom(8);
const values = Float32Array.from({ length: COUNT * CHANNELS }, () => 0.5 + random.normal());
const EXAMPLES: Examples = {
  count: COUNT,
  inputs: [{ shape: [CHANNELS], values }],
  targets: { shape: [], values: Int32Array.from({ length: COUNT }, (_, i) => (values[CHANNELS * i]! > 0.5 ? 1 : 0)) },
  classes: 2,
};

describe("running statistics among a model's params", () => {
  const model = normalisedModel();
  const placeOf = (name: string): number => tensorSlots(model.tensors).find((slot) => slot.name === name)!.offset;
  let trainer: OnnxTrainer;
  let params: Float32Array;

  before(() => {
    trainer = new OnnxTrainer(model);
    params = trainer.initialParams(3);
  });
  after(() => trainer.close());

  const lossAt = async (at: Float32Array): Promise<number> => (await trainer.evaluate(at, EXAMPLES)).loss!;
  const moved = (place: number, by: number): Float32Array => {
    const at = params.slice();
    at[place]! += by;
    return at;
  };

  it("have the gradient that differences of the loss have", async () => {
    const { gradient } = await trainer.lossGradient(params, EXAMPLES);
    const step = 2 ** -6;
    for (const name of ["mean", "variance"]) {
      for (let channel = 0; channel < CHANNELS; channel++) {
        const place = placeOf(name) + channel;
        const difference = ((await lossAt(moved(place, step))) - (await lossAt(moved(place, -step)))) / (2 * step);
        expect(gradient[place], `${name} ${channel}`).to.be.closeTo(difference, 2e-4);
      }
    }
    expect(Math.abs(gradient[placeOf("mean")]!)).to.be.above(0.01);
  });

  it("make whoever moves them answer for the loss", async () => {
    const exponent = 8;
    const place = placeOf("mean");
    const still = { values: new Int16Array(params.length), exponent, weight: 1 };
    const mover = { ...still, values: still.values.with(place, 12 * 2 ** exponent), weight: 3 };
    const mean = new Float64Array(params.length).with(place, 9);
    const parts = await trainer.contributions({
      params,
      updates: [still, mover],
      mean,
      points: 64,
      examples: EXAMPLES,
    });
    const fall = (await lossAt(params)) - (await lossAt(moved(place, 9)));
    expect(fall).to.be.below(-1);
    expect(parts[1]).to.be.closeTo(fall, 1e-3);
    expect(parts[0]).to.equal(0);
  });

  it("may have a variance that the rounding of many peers has put below 0: it counts as 0", async () => {
    const [zero, below] = [0, -0.05].map((variance) => params.with(placeOf("variance") + 1, variance));
    const loss = await lossAt(zero!);
    expect(loss).to.be.above(0);
    expect(await lossAt(below!)).to.equal(loss);
    const told = await trainer.lossGradient(below!, EXAMPLES);
    expect(told.loss).to.be.closeTo(loss, 1e-5 * loss);
    expect(told.gradient.every(Number.isFinite)).to.equal(true);
  });
});
