import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { after, before, beforeEach, describe, it } from "mocha";
import { seededRandom } from "../../node/core/random.ts";
import { initialParams } from "../../node/training/models/model.ts";
import { zooModel } from "../../node/training/models/zooSpec.ts";
import { OnnxTrainer } from "../../node/training/onnxTrainer.ts";
import { createProcessTrainer } from "../../node/training/far/processTrainer.ts";
import { createThreadedTrainer } from "../../node/training/far/threadedTrainer.ts";
import type { Examples, LocalPlan, Trainer } from "../../node/training/trainer.ts";
import { rejectionOf } from "../helpers/errors.ts";

const model = zooModel({ kind: "mlp", inputs: 6, hidden: [5], classes: 3, dropout: 0.2 });

const sgd = (localEpochs: number, batchSize: number, learningRate: number): LocalPlan => ({
  length: { localEpochs },
  batchSize,
  learningRate,
  optimiser: { kind: "sgd" },
});

function someExamples(count: number): Examples {
  const random = seededRandom(count);
  return {
    count,
    inputs: [{ shape: [6], values: Float32Array.from({ length: 6 * count }, () => random.normal()) }],
    targets: { shape: [], values: Int32Array.from({ length: count }, () => random.below(3)) },
    classes: 3,
  };
}

const MAKERS = { thread: () => createThreadedTrainer(model), process: () => createProcessTrainer(model) };

for (const [place, createTrainer] of Object.entries(MAKERS)) {
  describe(`a trainer in a ${place} of its own`, () => {
    const near = new OnnxTrainer(model);
    const far = createTrainer();
    const examples = someExamples(23);
    const params = near.initialParams(4);
    after(async () => Promise.all([near.close(), far.close()]));

    const everything = async (trainer: Trainer): Promise<unknown> => {
      const job = { params, examples, plan: sgd(2, 5, 0.3), seed: [1, 2] };
      const { params: trained, steps } = await trainer.train(job);
      const updates = [3, -2].map((scale) => ({
        values: Int16Array.from(params, (_, index) => scale * ((index % 7) - 3)),
        exponent: 8,
        weight: 5,
      }));
      const mean = Float64Array.from(params, (_, index) => ((index % 7) - 3) / 512);
      return {
        trained,
        steps,
        predictions: await trainer.predict(params, examples),
        evaluation: await trainer.evaluate(params, examples, { metrics: ["macro-f1", "accuracy"], confusion: true }),
        gradient: await trainer.lossGradient(params, examples),
        parts: await trainer.contributions({ params, updates, mean, points: 4, examples }),
      };
    };

    it("gives the same bytes as the engine itself", async () => {
      expect(far.initialParams(4)).to.deep.equal(params);
      expect(far.parameterCount).to.equal(near.parameterCount);
      expect(await everything(far)).to.deep.equal(await everything(near));
    });

    it("leaves the event loop free while it works", async () => {
      let turns = 0;
      const counting = setInterval(() => turns++, 1);
      const large = someExamples(20_000); // one call of the engine
      try {
        await far.train({ params, examples: large, plan: sgd(1, 1, 0.01), seed: [1] });
      } finally {
        clearInterval(counting);
      }
      expect(turns).to.be.above(3);
    });

    it("passes on what is wrong, with its code", async () => {
      const wrong = { ...examples, inputs: [] };
      expect(await rejectionOf(far.evaluate(params, wrong))).to.equal("bad-argument");
    });

    it("works beside others, and refuses to after it is closed", async () => {
      const other = createTrainer();
      await other.close();
      expect(await rejectionOf(other.evaluate(params, examples))).to.equal("closed");
      expect((await far.evaluate(params, examples)).count).to.equal(23);
    });
  });
}

describe("a trainer in a thread of its own", () => {
  const examples = someExamples(23);
  const params = initialParams(model, 4);

  it("runs TensorFlow.js where it is asked to, to the same params but for rounding", async () => {
    const plain = zooModel({ kind: "mlp", inputs: 6, hidden: [5], classes: 3 });
    const [here, there] = [new OnnxTrainer(plain), createThreadedTrainer(plain, { engine: "tfjs" })];
    const job = { params: here.initialParams(4), examples, plan: sgd(3, 5, 0.3), seed: [1] };
    const [ours, theirs] = [await here.train(job), await there.train(job)];
    await Promise.all([here.close(), there.close()]);
    expect(theirs.steps).to.equal(ours.steps);
    expect(theirs.params).to.not.deep.equal(ours.params); // it is another engine
    theirs.params.forEach((value, i) => expect(value).to.be.closeTo(ours.params[i]!, 1e-5));
  });

  it("passes on that an engine cannot be had, once something is asked of it", async () => {
    const nowhere = createThreadedTrainer(model, { engine: "tfjs", backend: "tensorflow-lite" as "wasm" });
    expect(await rejectionOf(nowhere.evaluate(params, examples))).to.equal("unsupported");
    await nowhere.close();
  });
});

describe("a trainer in a process of its own", () => {
  const examples = someExamples(23);
  const params = initialParams(model, 4);
  const processes: ChildProcess[] = [];
  const onProcess = (message: unknown): void => {
    processes.push((message as { readonly process: ChildProcess }).process);
  };
  before(() => subscribe("child_process", onProcess));
  after(() => unsubscribe("child_process", onProcess));
  beforeEach(() => (processes.length = 0));

  it("gives its process back when nothing is asked of it, and starts another with the next call", async () => {
    const trainer = createProcessTrainer(model, { idleMs: 20 });
    expect(processes).to.have.length(0);
    const first = await trainer.evaluate(params, examples);
    await once(processes[0]!, "exit");
    expect(await trainer.evaluate(params, examples)).to.deep.equal(first);
    expect(processes).to.have.length(2);
    await trainer.close();
  });

  it("fails what was asked of a process that crashes, and nothing after", async () => {
    const trainer = createProcessTrainer(model);
    await trainer.evaluate(params, examples);
    const asked = rejectionOf(trainer.train({ params, examples, plan: sgd(1000, 1, 0.1), seed: [1] }));
    processes[0]!.kill("SIGKILL");
    expect(await asked).to.equal("closed");
    expect((await trainer.evaluate(params, examples)).count).to.equal(23);
    await trainer.close();
  });

  it("ends its process with its last trainer, and knows no password", async () => {
    process.env["PACELINE_PASSWORD"] = "secret";
    try {
      const [one, other] = [createProcessTrainer(model), createProcessTrainer(model)];
      await Promise.all([one.evaluate(params, examples), other.evaluate(params, examples)]);
      expect(processes).to.have.length(1);
      if (process.platform === "linux")
        expect(readFileSync(`/proc/${processes[0]!.pid}/environ`, "utf8")).to.not.contain("secret");
      const ended = once(processes[0]!, "exit");
      await one.close();
      expect((await other.evaluate(params, examples)).count).to.equal(23);
      await other.close();
      await ended;
    } finally {
      delete process.env["PACELINE_PASSWORD"];
    }
  });
});
