import { expect } from "chai";
import { Tensor } from "onnxruntime-node";
import { seededRandom } from "../../../node/core/random.ts";
import { GraphBuilder } from "../../../node/training/graph/builder.ts";
import { int, type Value } from "../../../node/training/graph/graph.ts";
import type { Model } from "../../../node/training/models/model.ts";
import { ModelBuilder } from "../../../node/training/models/modelBuilder.ts";
import { zooModel, zooSchema } from "../../../node/training/models/zooSpec.ts";
import { findLookups } from "../../../node/training/onnx/lookups.ts";
import { acquireSession, openSessionCount } from "../../../node/training/onnx/sessions.ts";
import { planTables } from "../../../node/training/onnx/tablePlan.ts";
import { type ChooseRows, touchedRows, visitedRows } from "../../../node/training/onnx/tables.ts";
import { OnnxTrainer } from "../../../node/training/onnxTrainer.ts";
import type { OptimiserSpec } from "../../../node/training/optimiserSpec.ts";
import { TfjsTrainer } from "../../../node/training/tfjs/tfjsTrainer.ts";
import type { Examples, LocalPlan } from "../../../node/training/trainer.ts";
import { randomExamples } from "../gradients/operatorCase.ts";

const NORMAL = { kind: "normal", stddev: 0.5 } as const;

/** 19,200 and 28,800 values: large. Few of their rows are looked up, and those often. */
const ratings = zooModel({ kind: "matrix-factorisation", users: 600, items: 900, rank: 32 });

function ratingExamples(count: number): Examples {
  const random = seededRandom(5);
  const pairs = Int32Array.from({ length: 2 * count }, (_, i) =>
    i % 2 === 0 ? 595 + random.below(5) : random.below(6),
  );
  const targets = Float32Array.from({ length: count }, () => random.normal());
  return { count, inputs: [{ shape: [2], values: pairs }], targets: { shape: [], values: targets }, classes: 0 };
}

async function expectSameAsTfjs(model: Model, examples: Examples, plan: Partial<LocalPlan>): Promise<Float32Array> {
  const job = {
    params: new OnnxTrainer(model).initialParams(3),
    examples,
    plan: {
      length: { localEpochs: 3 },
      batchSize: 4,
      optimiser: { kind: "sgd" },
      learningRate: 0.2,
      ...plan,
    } as LocalPlan,
    seed: [8],
  };
  const [onnx, tfjs] = [new OnnxTrainer(model), new TfjsTrainer(model, { backend: "cpu" })];
  const [found, expected] = [await onnx.train(job), await tfjs.train(job)];
  await Promise.all([onnx.close(), tfjs.close()]);
  const moved = expected.params.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (job.params[i] as number))),
    0,
  );
  expect(moved).to.be.above(0.01);
  const apart = expected.params.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (found.params[i] as number))),
    0,
  );
  expect(apart).to.be.below(1e-5 * Math.max(1, moved));
  return found.params;
}

/** A table of six rows made narrow, and wide again after 100 was added to all values that are looked up. */
async function narrowed(
  chooseRows: ChooseRows,
  indices: readonly number[],
): Promise<Readonly<Record<"narrow" | "indices" | "wide", readonly number[]>>> {
  const builder = new GraphBuilder("test");
  const table = builder.input("table", "float32", [6, 2]);
  const index = builder.input("index", "int64", ["lookups"]);
  const choice = chooseRows(builder, [index], builder.ints([6]));
  const narrow = choice.narrow(table);
  const rows = builder.node("Add", [builder.node("Gather", [narrow, choice.indices[0]]), builder.floats([100], [])]);
  const column = builder.node("Unsqueeze", [choice.indices[0], builder.ints([1])]);
  const wide = choice.widen(table, builder.node("ScatterND", [narrow, column, rows]));
  builder.output(narrow, "narrow");
  builder.output(choice.indices[0] as Value, "indices");
  builder.output(wide, "wide");
  const session = acquireSession(builder.build(), { threads: 1 });
  const outputs = await session.run({
    table: new Tensor("float32", Float32Array.of(0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 50, 51), [6, 2]),
    index: new Tensor("int64", BigInt64Array.from(indices, BigInt), [indices.length]),
  });
  await session.release();
  const numbers = (name: string): readonly number[] => Array.from(outputs[name]?.data as ArrayLike<number>, Number);
  return { narrow: numbers("narrow"), indices: numbers("indices"), wide: numbers("wide") };
}

const OPTIMISERS: Readonly<Record<string, OptimiserSpec>> = {
  "plain SGD": { kind: "sgd" },
  "SGD with a clipped gradient": { kind: "sgd", clipGradientNorm: 0.3 },
  "SGD with a proximal term": { kind: "sgd", proximal: 0.4 },
  "SGD with weight decay": { kind: "sgd", weightDecay: 0.3 },
  momentum: { kind: "momentum", momentum: 0.8 },
  Adam: { kind: "adam" },
  "AdamW with weight decay": { kind: "adamw", weightDecay: 0.1 },
};

/** Letters that one table is looked up by from its start and from its end, and another mask reads; beside a small table. */
function lettersModel(): Model {
  const builder = new ModelBuilder();
  const { graph } = builder;
  const letters = builder.example("letters", "int32", [3]);
  const table = builder.param("table", [700, 25], NORMAL);
  const small = builder.param("small", [700, 1], NORMAL);
  const fromEnd = graph.node("Sub", [letters, graph.ints32([700], [])]);
  const sumOf = (rows: Value): Value => graph.node("ReduceSum", [rows, graph.ints([1])], { keepdims: int(0) });
  const [first, second, third] = [
    graph.node("Gather", [table, letters]),
    graph.node("Gather", [table, fromEnd]),
    graph.node("Gather", [small, letters]),
  ].map(sumOf) as [Value, Value, Value];
  const mask = graph.node("Cast", [graph.node("Greater", [letters, graph.ints32([2], [])])], { to: int(1) });
  const count = graph.node("ReduceSum", [mask, graph.ints([1])], { keepdims: int(1) });
  const product = graph.node("Mul", [graph.node("Mul", [first, second]), graph.node("Add", [third, count])]);
  return builder.build(product, { kind: "mean-squared-error" }, { type: "float32", shape: [25], classes: 0 });
}

describe("large tables in training", () => {
  for (const [name, optimiser] of Object.entries(OPTIMISERS)) {
    it(`move as they do in tfjs, which goes over all their rows: ${name}`, async () => {
      const learningRate = optimiser.kind === "adam" || optimiser.kind === "adamw" ? 0.03 : 0.15;
      await expectSameAsTfjs(ratings, ratingExamples(23), { optimiser, learningRate });
    });
  }

  it("move as in tfjs where there are more lookups than rows", async () => {
    await expectSameAsTfjs(ratings, ratingExamples(1000), { batchSize: 60, length: { localSteps: 21 } });
  });

  it("are shared by steps of plain SGD alone, as many as copy least", () => {
    const together = (optimiser: OptimiserSpec, batchSize: number): number =>
      planTables(ratings, optimiser, { batchSize, examples: 5000 }).together;
    expect(together({ kind: "sgd" }, 4)).to.equal(8);
    expect(together({ kind: "sgd" }, 64)).to.be.within(2, 5);
    expect(together({ kind: "sgd" }, 900)).to.equal(1);
    for (const optimiser of Object.values(OPTIMISERS).slice(1)) expect(together(optimiser, 4)).to.equal(1);
  });

  it("may be looked up twice, by numbers that others read too, beside a small table", async () => {
    const model = lettersModel();
    expect(findLookups(model)?.groups.map(({ tables, large }) => ({ tables, large }))).to.deep.equal([
      { tables: [0], large: true },
    ]);
    for (const optimiser of [{ kind: "sgd" }, { kind: "adam" }] as const)
      await expectSameAsTfjs(model, randomExamples(model, 19, 5), { optimiser, learningRate: 0.01 });
  });

  it("of a text classifier and a tagger move as in tfjs", async () => {
    for (const spec of [
      { kind: "text-classifier", buckets: 3000, length: 6, embedding: 8, classes: 3 },
      { kind: "tagger", form: "window", buckets: 3000, features: 4, embedding: 8, hidden: 5, dropout: 0.3, classes: 3 },
    ] as const) {
      const model = zooModel(zooSchema.parse(spec));
      expect(findLookups(model)?.groups).to.have.length(1);
      await expectSameAsTfjs(model, randomExamples(model, 17, 9), { learningRate: 0.8 });
    }
  });

  it("are no tables where something else reads them", () => {
    const builder = new ModelBuilder();
    const table = builder.param("table", [3000, 8], NORMAL);
    const rows = builder.graph.node("Gather", [table, builder.example("numbers", "int32", [])]);
    const again = builder.graph.node("Gemm", [rows, table], { transB: int(1) });
    const model = builder.build(again, { kind: "softmax-cross-entropy" }, { type: "int32", shape: [], classes: 3000 });
    expect(findLookups(model)).to.equal(undefined);
  });

  it("are added to on one thread, also where there are two: the engine loses additions", async () => {
    const plan = { length: { localSteps: 3 }, batchSize: 8, optimiser: { kind: "sgd" }, learningRate: 0.1 } as const;
    const sessionsFor = async (model: Model, examples: Examples): Promise<number> => {
      const before = openSessionCount();
      const trainers = [1, 2].map((threads) => new OnnxTrainer(model, { threads }));
      const params = trainers[0]!.initialParams(3);
      const trained = await Promise.all(
        trainers.map((trainer) => trainer.train({ params, examples, plan, seed: [8] })),
      );
      const opened = openSessionCount() - before;
      expect(trained[1]!.params).to.deep.equal(trained[0]!.params);
      await Promise.all(trainers.map((trainer) => trainer.close()));
      return opened;
    };
    // the same session serves both
    expect(await sessionsFor(ratings, ratingExamples(30))).to.equal(1);
    const dense = zooModel({ kind: "linear-regression", inputs: 4 });
    expect(await sessionsFor(dense, randomExamples(dense, 30))).to.equal(2);
  });

  it("become narrow, are looked up there, and widen again", async () => {
    const indices = [4, -1, 4, 2];
    // rows 2, 4 and the last, 5, once each
    const touched = await narrowed(touchedRows, indices);
    expect(touched.narrow).to.deep.equal([20, 21, 40, 41, 50, 51]);
    expect(touched.indices).to.deep.equal([1, 2, 1, 0]);
    // a row for each lookup, of which the third stands for the first too
    const visited = await narrowed(visitedRows, indices);
    expect(visited.narrow).to.deep.equal([40, 41, 50, 51, 40, 41, 20, 21]);
    expect(visited.indices).to.deep.equal([2, 1, 2, 3]);
    for (const { wide } of [touched, visited])
      expect(wide).to.deep.equal([0, 1, 10, 11, 120, 121, 30, 31, 140, 141, 150, 151]);
  });

  it("refuse a number that is no row", async () => {
    const trainer = new OnnxTrainer(ratings);
    const examples = ratingExamples(6);
    examples.inputs[0]!.values[3] = 900;
    const plan = { length: { localEpochs: 1 }, batchSize: 2, optimiser: { kind: "sgd" }, learningRate: 1 } as const;
    const error = await trainer.train({ params: trainer.initialParams(1), examples, plan, seed: [1] }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(Error).with.property("message").that.matches(/900/);
    await trainer.close();
  });
});
