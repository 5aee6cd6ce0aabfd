import { Mean } from "./mean.ts";
import type { Metric } from "./metric.ts";
import { type MetricContext, outputWidth } from "./metricContext.ts";
import { forEachRow, predictedClass } from "./outputRows.ts";

/** The share of rows whose largest logit is their target's, 0 … 1. */
export function createAccuracy(context: MetricContext): Metric {
  const width = outputWidth(context);
  const correct = new Mean();
  return {
    add: (rows) =>
      forEachRow(rows, (row, target) => correct.add(predictedClass(rows.outputs, row, width) === target ? 1 : 0)),
    value: () => correct.value(),
  };
}
