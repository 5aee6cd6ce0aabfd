import { performance } from "node:perf_hooks";
import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs";
import { generateDigits } from "../../node/data/digits.ts";
import { type ModelSpec, tensorSlots } from "../../node/training/modelSpec.ts";
import { OnnxTrainer, exampleOrder } from "../../node/training/onnxTrainer.ts";
import type { BenchResult } from "./benchResult.ts";
import type { LocalTraining } from "../../node/training/trainer.ts";

/**
 * One local epoch of SGD on the "2NN" perceptron of McMahan et al. (2017), 199,210 parameters: 600 examples in batches of 10, on
 * one thread, beside tfjs's pure JavaScript backend on the same examples in the same process.
 */

const SPEC = { kind: "perceptron", inputs: 784, hidden: [200, 200], classes: 10 } as const satisfies ModelSpec;
const WARM_UP_RUNS = 5;
const RUNS = 21;
/** A tfjs epoch takes a second or more, so few of them tell as much. */
const PEER_RUNS = 3;
/** Float32 params after 60 steps agree to about 1e-6 when both did the same work. */
const SAME_PARAMS = 1e-4;

export async function benchTrain(): Promise<BenchResult> {
  const trainer = new OnnxTrainer(SPEC, { threads: 1 });
  const job: LocalTraining = {
    params: trainer.initialParams(1),
    examples: generateDigits({ count: 600, seed: 1 }),
    localEpochs: 1,
    batchSize: 10,
    learningRate: 0.05,
    seed: [1],
  };
  const ours = await trainer.train(job);
  const mlpEpochMs = await medianMs(WARM_UP_RUNS, RUNS, () => trainer.train(job));
  await trainer.close();

  await tf.setBackend("cpu");
  requireSameWork(ours.params, trainByHand(job));
  const byHandMs = await medianMs(0, PEER_RUNS, async () => trainByHand(job));
  const fitMs = await measureFit(job);
  return {
    figures: { mlpEpochMs, speedupOverTfjsCpu: Math.min(byHandMs, fitMs) / mlpEpochMs },
    // the faster of the two ways to train with tfjs counts
    peers: { "tfjs-cpu": { mlpEpochMs: Math.min(byHandMs, fitMs), byHandMs, fitMs } },
    versions: { "onnxruntime-node": versionOf("onnxruntime-node"), "@tensorflow/tfjs": tf.version.tfjs },
  };
}

async function medianMs(warmUpRuns: number, runs: number, work: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < warmUpRuns; i++) await work();
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
  }
  return times.sort((a, b) => a - b)[runs >> 1] as number;
}

/** A local epoch with tfjs's optimizer, example order and all as the trainer does it. */
function trainByHand({ params, examples, batchSize, learningRate, seed }: LocalTraining): Float32Array {
  return tf.tidy(() => {
    const variables = tensorSlots(SPEC).map(({ offset, length, shape }) =>
      tf.variable(tf.tensor(params.subarray(offset, offset + length), [...shape])),
    );
    const order = tf.tensor1d(exampleOrder(examples.count, seed, 0), "int32");
    const features = tf.tensor2d(examples.features, [examples.count, examples.width]).gather(order);
    const targets = tf.oneHot(tf.tensor1d(examples.labels, "int32"), examples.classes).gather(order);
    const optimizer = tf.train.sgd(learningRate);
    for (let start = 0; start < examples.count; start += batchSize) {
      const size = Math.min(batchSize, examples.count - start);
      optimizer.minimize(
        () => lossOf(variables, features.slice(start, size), targets.slice(start, size)),
        false,
        variables,
      );
    }
    const trained = Float32Array.from(variables.flatMap((variable) => [...variable.dataSync()]));
    tf.dispose(variables);
    return trained;
  });
}

function lossOf(variables: readonly tf.Variable[], batch: tf.Tensor, targets: tf.Tensor): tf.Scalar {
  let activation = batch;
  for (let i = 0; i < variables.length; i += 2) {
    if (i > 0) activation = activation.relu();
    activation = activation.matMul(variables[i] as tf.Variable).add(variables[i + 1] as tf.Variable);
  }
  return tf.losses.softmaxCrossEntropy(targets, activation).asScalar();
}

/** The same model and data with tfjs's layers and `model.fit`. */
async function measureFit({ examples, batchSize, learningRate }: LocalTraining): Promise<number> {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: SPEC.hidden[0], activation: "relu", inputShape: [SPEC.inputs] }),
      tf.layers.dense({ units: SPEC.hidden[1], activation: "relu" }),
      tf.layers.dense({ units: SPEC.classes, activation: "softmax" }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(learningRate), loss: "categoricalCrossentropy" });
  const features = tf.tensor2d(examples.features, [examples.count, examples.width]);
  const targets = tf.oneHot(tf.tensor1d(examples.labels, "int32"), examples.classes);
  return medianMs(1, PEER_RUNS, () => model.fit(features, targets, { epochs: 1, batchSize }));
}

function requireSameWork(ours: Float32Array, theirs: Float32Array): void {
  const largest = ours.reduce(
    (difference, value, i) => Math.max(difference, Math.abs(value - (theirs[i] as number))),
    0,
  );
  if (!(largest < SAME_PARAMS)) throw new Error(`tfjs's params differ by ${largest}: the two did not do the same work`);
}

function versionOf(name: string): string {
  return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version;
}
