import { Mean } from "./mean.ts";
import type { Metric } from "./metric.ts";
import { classCount, type MetricContext, outputWidth } from "./metricContext.ts";
import { forEachRow, predictedClass } from "./outputRows.ts";

/**
 * The plain mean of each class's F1 = 2·TP / (2·TP + FP + FN), 0 … 1, by the rule of scikit-learn's
 * `f1_score(average="macro")`: a class that is neither among the targets nor among the predictions takes no part; one that is
 * only among the predictions, or is never predicted, counts with 0.
 */
export function createMacroF1(context: MetricContext): Metric {
  const classes = classCount(context);
  const width = outputWidth(context);
  const targets = new Float64Array(classes);
  const predictions = new Float64Array(classes);
  const hits = new Float64Array(classes);
  return {
    add: (rows) =>
      forEachRow(rows, (row, target) => {
        const predicted = predictedClass(rows.outputs, row, width);
        targets[target]!++;
        predictions[predicted]!++;
        if (predicted === target) hits[target]!++;
      }),
    value: () => {
      const f1 = new Mean();
      for (let k = 0; k < classes; k++) {
        const seen = targets[k]! + predictions[k]!;
        if (seen > 0) f1.add((2 * hits[k]!) / seen);
      }
      return f1.value();
    },
  };
}
