import { seededRandom } from "../../../node/core/random.ts";
import type { MetricContext } from "../../../node/training/metrics/metricContext.ts";
import type { OutputRows } from "../../../node/training/metrics/outputRows.ts";

/** Rows that other languages make from the same integers; logits are eighths, exact in float32. */

export const FIVE_CLASSES: MetricContext = { loss: { kind: "softmax-cross-entropy" }, classes: 5 };
export const BINARY: MetricContext = { loss: { kind: "binary-cross-entropy" }, classes: 2 };
export const REAL: MetricContext = { loss: { kind: "mean-squared-error" }, classes: 0 };

/** Classes 0, 1 and 2, every eleventh row padding. */
const CLASS_TARGETS = Int32Array.from({ length: 60 }, (_, i) => (i % 11 === 5 ? -1 : ((i * i) % 7) % 3));

/** 60 rows of logits from −6 to 9 that lean to the target. Class 4 is only predicted, class 3 not even that. */
export function fiveClasses(): OutputRows {
  const outputs = Float32Array.from({ length: 300 }, (_, at) => {
    const [i, j] = [Math.floor(at / 5), at % 5];
    if (j === 3) return -40;
    return ((i * 37 + j * 101 + i * j * 13) % 97) / 8 - 6 + (j === CLASS_TARGETS[i] ? 3 : 0);
  });
  return { outputs, targets: CLASS_TARGETS };
}

/** 60 rows of single logits, many of them equal to another; every eleventh row padding. */
export function binary(): OutputRows {
  const outputs = Float32Array.from({ length: 60 }, (_, i) => ((i * 37) % 23) / 4 - 2.5);
  const targets = Int32Array.from({ length: 60 }, (_, i) =>
    i % 11 === 5 ? -1 : (i * 37) % 23 > ((i * 7) % 10) + 6 ? 1 : 0,
  );
  return { outputs, targets };
}

/** 40 rows of numbers. */
export function numbers(): OutputRows {
  const outputs = Float32Array.from({ length: 40 }, (_, i) => ((i * 29) % 31) / 4 - 3);
  const targets = Float32Array.from({ length: 40 }, (_, i) => ((i * 17) % 37) / 8 - 1);
  return { outputs, targets };
}

export const TAG_NAMES = ["O", "B-A", "I-A", "B-B", "I-B"] as const;

/** Tags of 400 tokens in sentences of 1 to 9, three in ten predicted at random; any tag may follow any other. */
export function taggedSentences(seed: number): { targets: number[]; predictions: number[]; sentences: number[] } {
  const random = seededRandom(seed);
  const drawTag = (): number => (random.below(10) < 4 ? 0 : 1 + random.below(4));
  const targets = Array.from({ length: 400 }, drawTag);
  const predictions = targets.map((tag) => (random.below(10) < 3 ? drawTag() : tag));
  const sentences: number[] = [];
  for (let sentence = 0; sentences.length < 400; sentence++)
    for (let left = 1 + random.below(9); left > 0 && sentences.length < 400; left--) sentences.push(sentence);
  return { targets, predictions, sentences };
}

/** Logits whose largest is the prediction. */
export function logitsOf(predictions: readonly number[], width: number): Float32Array {
  const outputs = new Float32Array(predictions.length * width).fill(-1.5);
  predictions.forEach((prediction, row) => {
    outputs[row * width + prediction] = 0.25;
  });
  return outputs;
}

/** The same rows in chunks of `size`; the last may be shorter. */
export function chunksOf({ outputs, targets, ...rest }: OutputRows, size: number): OutputRows[] {
  const width = outputs.length / targets.length;
  const starts = Array.from({ length: Math.ceil(targets.length / size) }, (_, i) => i * size);
  return starts.map((from) => ({
    ...rest,
    outputs: outputs.slice(from * width, (from + size) * width),
    targets: targets.slice(from, from + size),
    ...(rest.sentences === undefined ? {} : { sentences: rest.sentences.slice(from, from + size) }),
  }));
}
