import * as tf from "@tensorflow/tfjs-core";
import { expect } from "chai";
import { describe, it } from "mocha";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { int, ints } from "../../../node/training/graph/graph.ts";
import { initialParams, type Model } from "../../../node/training/models/model.ts";
import { zooModel, zooSchema, type ZooSpecInput } from "../../../node/training/models/zooSpec.ts";
import { TfjsTrainer } from "../../../node/training/tfjs/tfjsTrainer.ts";
import type { LocalPlan } from "../../../node/training/trainer.ts";
import { NORMAL, operatorCase, randomExamples } from "../gradients/operatorCase.ts";

const PLAN: LocalPlan = {
  length: { localEpochs: 2 },
  batchSize: 4,
  optimiser: { kind: "adamw", weightDecay: 0.1, clipGradientNorm: 1, proximal: 0.1 },
  learningRate: 0.01,
};

const zoo = (spec: ZooSpecInput): Model => zooModel(zooSchema.parse(spec));
const MLP = zoo({ kind: "mlp", inputs: 5, hidden: [6], classes: 3, dropout: 0.5 });
const CNN = zoo({ kind: "cnn", image: [6, 6, 1], filters: [2], kernel: 3, hidden: [4], classes: 3 });
const TAGGER = zoo({
  kind: "tagger",
  form: "bilstm",
  buckets: 20,
  features: 2,
  length: 4,
  embedding: 3,
  hidden: 3,
  classes: 3,
});

/** Normalised columns, so that there are running statistics. */
const NORMALISING = operatorCase((builder) => {
  const x = builder.example("x", "float32", [3]);
  const vectors = ["scale", "shift"].map((name) => builder.param(name, [3], NORMAL));
  const statistics = ["mean", "variance"].map((name) =>
    builder.param(name, [3], { kind: "constant", value: 1 }, "statistic"),
  );
  return builder.graph.node("BatchNormalization", [x, ...vectors, ...statistics]);
}).model;

const messageFrom = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "nothing",
    (error: unknown) => `${(error as { code: string }).code}: ${(error as Error).message}`,
  );

describe("The tfjs trainer", () => {
  for (const [name, model] of Object.entries({ MLP, CNN, TAGGER, NORMALISING })) {
    it(`leaves no tensors behind: ${name}`, async () => {
      const trainer = new TfjsTrainer(model);
      const params = initialParams(model, 1);
      const examples = randomExamples(model, 10);
      await trainer.predict(params, examples);
      const before = tf.memory().numTensors;
      await trainer.train({ params, examples, plan: PLAN, seed: [1] });
      await trainer.predict(params, examples);
      await trainer.evaluate(params, examples);
      await trainer.lossGradient(params, examples);
      expect(tf.memory().numTensors).to.equal(before);
    });
  }

  it("leaves no tensors behind where an index is outside its table", async () => {
    const trainer = new TfjsTrainer(TAGGER);
    const params = initialParams(TAGGER, 1);
    const examples = randomExamples(TAGGER, 10, 21);
    const before = tf.memory().numTensors;
    const told = [
      await messageFrom(trainer.train({ params, examples, plan: PLAN, seed: [1] })),
      await messageFrom(trainer.lossGradient(params, examples)),
      await messageFrom(trainer.predict(params, examples)),
    ];
    for (const message of told) expect(message).to.match(/^bad-input: Gather ".*": the index 20 is outside 0 … 19/);
    expect(tf.memory().numTensors).to.equal(before);
  });

  it("takes a backend that can train the model, and says why not a faster one", async () => {
    expect((await new TfjsTrainer(MLP, { backend: "cpu" }).backend()).name).to.equal("cpu");
    const dense = await new TfjsTrainer(MLP).backend();
    if (dense.name === "tensorflow") return;
    expect(dense.name).to.equal("wasm");
    expect(dense.why).to.match(/tfjs-node is not installed$|^tensorflow did not start: ./); // without its binary
    const convolving = await new TfjsTrainer(CNN).backend();
    expect(convolving.name).to.equal("cpu");
    expect(convolving.why).to.contain("wasm has no Conv2DBackpropFilter, which the gradient of Conv needs");
    expect(await messageFrom(new TfjsTrainer(CNN, { backend: "wasm" }).backend())).to.match(
      /^unsupported: .*Conv2DBackpropFilter/,
    );
    expect(await messageFrom(new TfjsTrainer(MLP, { backend: "tensorflow" }).backend())).to.match(
      /^unsupported: .*(not installed|did not start)/,
    );
  });

  it("gives on wasm what it gives in plain JavaScript", async () => {
    const params = initialParams(MLP, 1);
    const examples = randomExamples(MLP, 10);
    const [wasm, cpu] = (["wasm", "cpu"] as const).map((backend) =>
      new TfjsTrainer(MLP, { backend }).train({ params, examples, plan: PLAN, seed: [1] }),
    );
    const [found, expected] = [(await wasm!).params, (await cpu!).params];
    found.forEach((value, i) => expect(value).to.be.closeTo(expected[i]!, 1e-5));
  });

  it("names an operator that it does not have, and its node", () => {
    const { model } = operatorCase((builder) => {
      const x = builder.example("x", "float32", [3]);
      const shifted = builder.graph.node("Add", [x, builder.param("shift", [3], NORMAL)]);
      return builder.graph.node("ReduceProd", [shifted, builder.graph.ints([1])], {}, "/head/product");
    });
    expect(() => new TfjsTrainer(model)).to.throw(
      'ReduceProd "/head/product": the tfjs engine does not have this operator',
    );
  });

  it("names the variant of an operator that it does not have", async () => {
    const dilated = operatorCase((builder) => {
      const image = builder.example("x", "float32", [1, 5, 5]);
      const shifted = builder.graph.node("Add", [image, builder.param("shift", [5], NORMAL)]);
      return builder.graph.node("MaxPool", [shifted], { kernel_shape: ints([2, 2]), dilations: ints([2, 2]) }, "/pool");
    });
    expect(await messageFrom(new TfjsTrainer(dilated.model).predict(dilated.params, dilated.examples))).to.equal(
      'unsupported: MaxPool "/pool": the tfjs engine has no MaxPool with dilations',
    );
    const byExample = operatorCase((builder) => {
      const x = builder.example("x", "float32", [3, 2]);
      const weights = [builder.param("w", [1, 6, 2], NORMAL), builder.param("r", [1, 6, 2], NORMAL)];
      const steps = builder.graph.node("GRU", [x, ...weights], { hidden_size: int(2), layout: int(1) }, "/gru");
      return builder.graph.node("Squeeze", [steps, builder.graph.ints([1])]);
    });
    expect(await messageFrom(new TfjsTrainer(byExample.model).predict(byExample.params, byExample.examples))).to.equal(
      'unsupported: GRU "/gru": the tfjs engine has no GRU with layout 1',
    );
  });

  it("writes nothing to the console, and leaves the process's own handling of errors alone", async () => {
    const script = `
      import { TfjsTrainer } from "./node/training/tfjs/tfjsTrainer.ts";
      import { zooModel, zooSchema } from "./node/training/models/zooSpec.ts";
      const model = zooModel(zooSchema.parse({ kind: "linear-regression", inputs: 2 }));
      const examples = { count: 1, inputs: [{ shape: [2], values: Float32Array.of(3, 4) }], targets: { shape: [], values: Float32Array.of(1) }, classes: 0 };
      for (const backend of ["wasm", "cpu"]) {
        const [outcome] = await new TfjsTrainer(model, { backend }).predict(Float32Array.of(1, 2, 0.5), examples);
        if (outcome !== 11.5) throw new Error(backend + " gave " + outcome);
      }
      process.exitCode = process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection");`;
    const written = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
    expect(written).to.deep.equal({ stdout: "", stderr: "" });
  });
});
