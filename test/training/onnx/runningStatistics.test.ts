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
