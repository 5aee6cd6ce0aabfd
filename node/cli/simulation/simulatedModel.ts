import { PacelineError } from "../../core/errors.ts";
import { parameterCountOf, type ModelSpec } from "../../daemon/job/jobModel.ts";
import type { ExampleShape } from "../../data/exampleShape.ts";
import { elementCount } from "../../training/models/model.ts";
import { zooSchema } from "../../training/models/zooSpec.ts";
import type { OptimiserSpec } from "../../training/optimiserSpec.ts";

/** What a simulation trains when no job says it. */

export const SIMULATED_MODELS = ["mlp", "cnn", "softmax-regression", "linear-regression"] as const;
export type SimulatedModel = (typeof SIMULATED_MODELS)[number];

export const SIMULATED_OPTIMISERS = ["sgd", "momentum", "adam", "adamw"] as const;
export type SimulatedOptimiser = (typeof SIMULATED_OPTIMISERS)[number];

export interface ModelChoice {
  readonly model: SimulatedModel;
  /** None: a regression, softmax or linear as the target is. */
  readonly hidden: readonly number[];
}

/**
 * A model of the sizes that the data have.
 * @throws PacelineError `bad-input` where such a model cannot be trained on such data
 */
export function modelSpecOf({ model, hidden }: ModelChoice, shape: ExampleShape): ModelSpec {
  const { classes } = shape;
  const inputs = shape.inputs.reduce((sum, part) => sum + elementCount(part.shape), 0);
  const isRegression = model.endsWith("regression") || (model === "mlp" && hidden.length === 0);
  if (isRegression) {
    refuseTarget(model, classes);
    return classes === 0
      ? { kind: "linear-regression", inputs }
      : zooSchema.parse({ kind: "softmax-regression", inputs, classes });
  }
  if (model === "cnn") return cnnOf(hidden, shape);
  return { kind: "mlp", inputs, hidden: [...hidden], classes };
}

function refuseTarget(model: SimulatedModel, classes: number): void {
  if (model === "linear-regression" && classes > 0)
    throw new PacelineError("bad-input", "--model linear-regression tells a number: give --target number as well");
  if (model === "softmax-regression" && classes === 0)
    throw new PacelineError(
      "bad-input",
      "--model softmax-regression tells classes; for a number take linear-regression or mlp",
    );
}

function cnnOf(hidden: readonly number[], { inputs, classes }: ExampleShape): ModelSpec {
  const image = inputs[0]?.shape;
  if (inputs.length !== 1 || image?.length !== 3 || classes === 0)
    throw new PacelineError("bad-input", "--model cnn tells classes of images; for a table take mlp");
  return zooSchema.parse({ kind: "cnn", image, hidden, classes });
}

/** Steady on standardised or 0 … 1 inputs, with small batches. */
export function usualLearningRate({ kind, ...sizes }: ModelSpec, optimiser: SimulatedOptimiser): number {
  if (optimiser === "adam" || optimiser === "adamw") return 0.002;
  const tellsNumber = kind === "linear-regression" || ("classes" in sizes && sizes.classes === 0);
  const sgd = tellsNumber ? 0.01 : kind === "cnn" ? 0.05 : 0.25;
  return optimiser === "momentum" ? sgd / 10 : sgd;
}

const SLOW_KINDS: readonly ModelSpec["kind"][] = ["cnn", "tagger", "char-lm", "onnx", "keras"];
const MANY_PARAMETERS = 1_000_000;

/** Whether an example takes a model long enough for a round to need minutes on a busy machine. */
export function isSlow(model: ModelSpec): boolean {
  return SLOW_KINDS.includes(model.kind) || parameterCountOf(model) > MANY_PARAMETERS;
}

export function optimiserOf(kind: SimulatedOptimiser): OptimiserSpec {
  return kind === "momentum" ? { kind, momentum: 0.9 } : { kind };
}
