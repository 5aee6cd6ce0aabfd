import { negativeLogLikelihood } from "./logSoftmax.ts";
import { Mean } from "./mean.ts";
import type { Metric } from "./metric.ts";
import { type MetricContext, outputWidth } from "./metricContext.ts";
import { forEachRow } from "./outputRows.ts";

/**
 * The mean of what training makes small: cross-entropy in nats, or the squared difference in the unit that the model was
 * trained in. With class weights, rows weigh as their targets do (PyTorch's `CrossEntropyLoss`: Σ w·loss / Σ w).
 */
export function createLoss(context: MetricContext): Metric {
  const { loss } = context;
  const width = outputWidth(context);
  const classWeights = loss.kind === "softmax-cross-entropy" ? loss.classWeights : undefined;
  const mean = new Mean();
  return {
    add: (rows) =>
      forEachRow(rows, (row, target) => {
        if (loss.kind === "mean-squared-error") mean.add(((rows.outputs[row] as number) - target) ** 2);
        else mean.add(negativeLogLikelihood(rows.outputs, row, width, target), classWeights?.[target]);
      }),
    value: () => mean.value(),
  };
}
