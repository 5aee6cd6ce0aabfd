import * as tf from "@tensorflow/tfjs";
import { generateDigits } from "../../../node/data/digits.ts";
import { exampleOrder } from "../../../node/training/batches.ts";
import { elementCount, tensorSlots } from "../../../node/training/models/model.ts";
import { TFJS_BACKENDS } from "../../../node/training/tfjs/backends.ts";
import { TfjsTrainer } from "../../../node/training/tfjs/tfjsTrainer.ts";
import type { LocalTraining } from "../../../node/training/trainer.ts";
import type { BenchResult } from "../benchResult.ts";
import { canTrain, numpyPeer, PEER_NAMES } from "./peers.ts";
import type { TrainFigures } from "./trainFigures.ts";
import { medianMs, measureOnnx, requireSameWork, type Runs, type Trial, trialOf } from "./trial.ts";

/**
 * One local epoch of SGD on the "2NN" perceptron of McMahan et al. (2017), 199,210 params: 600 examples in batches of 10, one
 * thread. tfjs is taken the faster of two ways: by hand, and with its layers and `model.fit`.
 */

const HIDDEN = [200, 200];
const TFJS_RUNS: Runs = { warmUpRuns: 1, runs: 3 };

export async function measurePerceptron(): Promise<TrainFigures> {
  const digits = generateDigits({ count: 600, seed: 1 });
  const examples = { ...digits, inputs: [{ shape: [784], values: digits.inputs[0]!.values }] };
  const trial = trialOf({ kind: "mlp", inputs: 784, hidden: HIDDEN, classes: 10 }, examples, {
    length: { localEpochs: 1 },
    batchSize: 10,
    learningRate: 0.05,
  });
  const { ms, params } = await measureOnnx(trial, { warmUpRuns: 5, runs: 21 });
  const request = { trial, ours: params, figure: "mlpEpochMs", of: (each: number) => each };
  const numpy = await numpyPeer(request, "perceptron", { warmUpRuns: 3, runs: 15 });
  const peers = { ...numpy, ...(await measureTfjs(trial, params)) };
  return { figures: { mlpEpochMs: ms }, peers };
}

async function measureTfjs(trial: Trial, ours: Float32Array): Promise<BenchResult["peers"]> {
  const peers: Record<string, Record<string, number>> = {};
  for (const backend of TFJS_BACKENDS) {
    if (!(await canTrain(new TfjsTrainer(trial.model, { backend })))) continue;
    await tf.setBackend(backend);
    const name = PEER_NAMES[backend];
    requireSameWork(name, trial, ours, trainByHand(trial));
    const byHandMs = await medianMs(TFJS_RUNS, async () => trainByHand(trial));
    const fitMs = await measureFit(trial.job);
    peers[name] = { mlpEpochMs: Math.min(byHandMs, fitMs), byHandMs, fitMs };
  }
  return peers;
}

/** A local epoch with tfjs's optimizer, example order and all as the trainer does it. */
function trainByHand({ model, job: { params, examples, plan, seed } }: Trial): Float32Array {
  return tf.tidy(() => {
    const variables = tensorSlots(model.tensors).map(({ offset, length, shape }) =>
      tf.variable(tf.tensor(params.slice(offset, offset + length), [...shape])),
    );
    const order = tf.tensor1d(exampleOrder(examples.count, seed, 0), "int32");
    const { features, targets } = tensorsOf(examples);
    const [shuffled, goals] = [tf.gather(features, order), tf.gather(targets, order)];
    const optimizer = tf.train.sgd(plan.learningRate);
    for (let start = 0; start < examples.count; start += plan.batchSize) {
      const size = Math.min(plan.batchSize, examples.count - start);
      const batch = tf.slice(shuffled, [start, 0], [size, -1]);
      const batchGoals = tf.slice(goals, [start, 0], [size, -1]);
      optimizer.minimize(() => lossOf(variables, batch, batchGoals), false, variables);
    }
    const trained = Float32Array.from(variables.flatMap((variable) => [...variable.dataSync()]));
    tf.dispose(variables);
    return trained;
  });
}

function lossOf(variables: readonly tf.Variable[], batch: tf.Tensor, targets: tf.Tensor): tf.Scalar {
  let activation = batch;
  for (let i = 0; i < variables.length; i += 2) {
    if (i > 0) activation = tf.relu(activation);
    activation = tf.add(tf.matMul(activation, variables[i] as tf.Variable), variables[i + 1] as tf.Variable);
  }
  return tf.losses.softmaxCrossEntropy(targets, activation).asScalar();
}

/** The same model and data with tfjs's layers and `model.fit`. */
async function measureFit({ examples, plan }: LocalTraining): Promise<number> {
  const dense = (units: number, activation: "relu" | "softmax"): tf.layers.Layer =>
    tf.layers.dense({ units, activation });
  const model = tf.sequential();
  model.add(tf.layers.inputLayer({ inputShape: [...examples.inputs[0]!.shape] }));
  for (const units of HIDDEN) model.add(dense(units, "relu"));
  model.add(dense(examples.classes, "softmax"));
  model.compile({ optimizer: tf.train.sgd(plan.learningRate), loss: "categoricalCrossentropy" });
  const { features, targets } = tensorsOf(examples);
  return medianMs(TFJS_RUNS, () => model.fit(features, targets, { epochs: 1, batchSize: plan.batchSize }));
}

function tensorsOf({
  inputs,
  targets,
  count,
  classes,
}: LocalTraining["examples"]): Record<"features" | "targets", tf.Tensor> {
  const { shape, values } = inputs[0]!;
  return {
    features: tf.tensor(values, [count, elementCount(shape)]),
    targets: tf.cast(tf.oneHot(tf.tensor1d(targets.values, "int32"), classes), "float32"),
  };
}
