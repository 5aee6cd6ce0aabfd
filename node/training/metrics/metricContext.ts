import type { LossSpec } from "../models/model.ts";

/** What a metric must know of the model. */
export interface MetricContext {
  readonly loss: LossSpec;
  /** For `softmax-cross-entropy`: the number of logits in a row, at least 2. Not read for the other losses. */
  readonly classes: number;
  /** Of tag sequences: the name of each class, `O`, `B-TYPE` or `I-TYPE`. */
  readonly tagNames?: readonly string[];
  /**
   * Where the model was trained on standardised numbers, their standard deviation in their own unit, so that `rmse` and `mae`
   * come out in that unit. (The mean that was taken off cancels in a difference.)
   */
  readonly stddev?: number;
}

/** What there is to tell: one of several classes, one of two, a real number, or the tags of the tokens of sentences. */
export type Task = "classes" | "binary" | "real" | "tags";

/** A model may do several: one of two classes is both `classes` and `binary` where it has a logit for each. */
export function tasksOf({ loss, classes, tagNames }: MetricContext): readonly Task[] {
  if (loss.kind === "mean-squared-error") return ["real"];
  if (loss.kind === "binary-cross-entropy") return ["binary"];
  return [
    "classes",
    ...(classes === 2 ? ["binary" as const] : []),
    ...(tagNames === undefined ? [] : ["tags" as const]),
  ];
}

/** Numbers in a row of outputs. */
export function outputWidth({ loss, classes }: MetricContext): number {
  return loss.kind === "softmax-cross-entropy" ? classes : 1;
}

/** The classes there are: a single logit tells two. */
export function classCount({ loss, classes }: MetricContext): number {
  return loss.kind === "binary-cross-entropy" ? 2 : classes;
}
