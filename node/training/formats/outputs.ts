import { PacelineError } from "../../core/errors.ts";
import type { LossSpec, TargetSpec } from "../models/model.ts";

/**
 * The end of a model that came from a file. Losses read logits, so a final softmax or sigmoid is taken off, and put back where
 * the model is written out.
 */

export type LossKind = LossSpec["kind"];

/** `sigmoid-pair`: the probabilities of no and yes, as scikit-learn writes them for two classes. */
export type Activation = "none" | "softmax" | "log-softmax" | "sigmoid" | "sigmoid-pair";

const FITTING: Readonly<Record<Exclude<Activation, "none">, LossKind>> = {
  softmax: "softmax-cross-entropy",
  "log-softmax": "softmax-cross-entropy",
  sigmoid: "binary-cross-entropy",
  "sigmoid-pair": "binary-cross-entropy",
};

export interface TakenOff {
  /** What the loss does itself; "none" where the activation stays in the model. */
  readonly activation: Activation;
  /** Undefined where neither the activation nor the caller says it: the size of the outputs decides. */
  readonly loss: LossKind | undefined;
}

/**
 * Whether the final activation is taken off. A mean squared error is of the activation's values.
 * @throws PacelineError `bad-input` where the loss that was asked for does not fit
 */
export function takeOff(activation: Activation, loss: LossKind | undefined, output: string): TakenOff {
  if (activation === "none") return { activation, loss };
  const fitting = FITTING[activation];
  if (loss === undefined || loss === fitting) return { activation, loss: fitting };
  if (loss === "mean-squared-error" && activation !== "sigmoid-pair") return { activation: "none", loss };
  throw new PacelineError(
    "bad-input",
    `the model's output "${output}" ends in a ${activation}, which fits the loss ${fitting}, not ${loss}`,
  );
}

/** One number an example is a prediction of a number; several are logits of classes. */
export function usualLoss(shape: readonly number[]): LossKind {
  return shape.every((size) => size === 1) ? "mean-squared-error" : "softmax-cross-entropy";
}

/** What the loss takes for outputs of a shape (that of one example). */
export function targetsOf(kind: LossKind, shape: readonly number[]): TargetSpec {
  // one number an example is told as such, without an axis
  const single = shape.every((size) => size === 1) ? [] : shape;
  if (kind === "mean-squared-error") return { type: "float32", shape: single, classes: 0 };
  if (kind === "binary-cross-entropy") return { type: "int32", shape: single, classes: 2 };
  const classes = shape.at(-1) ?? 0;
  if (classes < 2)
    throw new PacelineError("bad-input", `softmax-cross-entropy needs two outputs or more an example, not ${classes}`);
  return { type: "int32", shape: shape.slice(0, -1), classes };
}
