import { Tensor } from "onnxruntime-node";
import { generateDigits } from "../../../node/data/digits.ts";
import { GraphBuilder } from "../../../node/training/graph/builder.ts";
import { acquireSession } from "../../../node/training/onnx/sessions.ts";
import type { BenchResult } from "../benchResult.ts";
import { numpyPeer, tfjsPeers } from "./peers.ts";
import type { TrainFigures } from "./trainFigures.ts";
import { medianMs, measureOnnx, type Trial, trialOf } from "./trial.ts";

/** McMahan's CNN of 1,663,370 params on 28 × 28 images, batches of 32, one thread, and what one large product reaches. */

const BATCH = 32;
const STEPS = 6;
/** Multiplications and additions of the forward pass of one image. */
const FORWARD_FLOP = 2 * (28 * 28 * 32 * 25 + 14 * 14 * 64 * 25 * 32 + 3136 * 512 + 512 * 10);
/** The backward pass takes two products where the forward pass takes one. */
const STEP_GFLOP = (3 * BATCH * FORWARD_FLOP) / 1e9;
const MATRIX = 1536;

/** Plain JavaScript takes seconds an image: tfjs is given this share of a batch, and its time is told for a whole one. */
const TFJS_IMAGES = 2;

export async function measureCnn(): Promise<TrainFigures> {
  const trial = cnnTrial(STEPS * BATCH, BATCH);
  const { ms, params } = await measureOnnx(trial, { warmUpRuns: 1, runs: 7 });
  const twoThreads = await measureOnnx(trial, { warmUpRuns: 1, runs: 7 }, 2);
  const peers = await measureCnnPeers(trial, params);
  const figures = {
    cnnStepMs: ms / STEPS,
    cnnStepOnTwoThreadsMs: twoThreads.ms / STEPS,
    cnnGflops: STEP_GFLOP / (ms / STEPS / 1000),
    matmulGflops: await matmulGflops(),
  };
  return { figures, peers };
}

async function measureCnnPeers(trial: Trial, ours: Float32Array): Promise<BenchResult["peers"]> {
  const figure = "cnnStepMs";
  const few = cnnTrial(TFJS_IMAGES, TFJS_IMAGES);
  const fewOfOurs = await measureOnnx(few, { warmUpRuns: 0, runs: 1 });
  return {
    ...(await numpyPeer({ trial, ours, figure, of: (ms) => ms / STEPS }, "cnn", { warmUpRuns: 1, runs: 3 })),
    ...(await tfjsPeers(
      { trial: few, ours: fewOfOurs.params, figure, of: (ms) => (ms * BATCH) / TFJS_IMAGES },
      { warmUpRuns: 1, runs: 1 },
    )),
  };
}

function cnnTrial(count: number, batchSize: number): Trial {
  return trialOf({ kind: "cnn", image: [28, 28, 1], classes: 10 }, generateDigits({ count, seed: 1 }), {
    length: { localEpochs: 1 },
    batchSize,
    learningRate: 0.05,
  });
}

/** What ONNX Runtime reaches on one thread where there is nothing but a product to do. */
async function matmulGflops(): Promise<number> {
  const builder = new GraphBuilder("matmul");
  const [a, b] = ["a", "b"].map((name) => builder.input(name, "float32", [MATRIX, MATRIX]));
  builder.output(builder.node("MatMul", [a, b]), "product");
  const session = acquireSession(builder.build(), { threads: 1 });
  const matrix = new Tensor(
    "float32",
    Float32Array.from({ length: MATRIX ** 2 }, (_, i) => (i % 17) - 8),
    [MATRIX, MATRIX],
  );
  const ms = await medianMs({ warmUpRuns: 2, runs: 9 }, () => session.run({ a: matrix, b: matrix }));
  await session.release();
  return (2 * MATRIX ** 3) / 1e9 / (ms / 1000);
}
