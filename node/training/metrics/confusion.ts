import { PacelineError } from "../../core/errors.ts";
import { classCount, type MetricContext, outputWidth } from "./metricContext.ts";
import { forEachRow, type OutputRows, predictedClass } from "./outputRows.ts";

/** Above this a matrix tells nobody anything, and takes more than 8 MB. */
const MAX_CLASSES = 1000;

export interface ConfusionMatrix {
  readonly classes: number;
  /** [target, predicted], row-major: how many rows of class `target` were taken for class `predicted`. */
  readonly counts: Float64Array;
}

export interface Confusion {
  add(rows: OutputRows): void;
  matrix(): ConfusionMatrix;
}

/** @throws PacelineError `unsupported` for a model of real numbers, or of more than 1,000 classes */
export function createConfusion(context: MetricContext): Confusion {
  if (context.loss.kind === "mean-squared-error")
    throw new PacelineError("unsupported", "a model of real numbers has no confusion matrix: use rmse or mae");
  const classes = classCount(context);
  if (classes > MAX_CLASSES)
    throw new PacelineError("unsupported", `a confusion matrix has up to ${MAX_CLASSES} classes, the model ${classes}`);
  const width = outputWidth(context);
  const counts = new Float64Array(classes * classes);
  return {
    add: (rows) =>
      forEachRow(rows, (row, target) => {
        counts[target * classes + predictedClass(rows.outputs, row, width)]!++;
      }),
    matrix: () => ({ classes, counts: counts.slice() }),
  };
}
