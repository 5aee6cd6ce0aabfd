import { negativeLogLikelihood } from "./logSoftmax.ts";
import { Mean } from "./mean.ts";
import type { Metric } from "./metric.ts";
import { type MetricContext, outputWidth } from "./metricContext.ts";
import { forEachRow } from "./outputRows.ts";

/** Outputs are float32, so their probabilities are clipped to [ε, 1 − ε] with the ε of float32, as scikit-learn does. */
const EPSILON = 2 ** -23;
const LARGEST = -Math.log(EPSILON);
const SMALLEST = -Math.log1p(-EPSILON);

/**
 * scikit-learn's `log_loss` (1.5 and later): the mean of −log p(target) in nats, p clipped, so that no single row costs more
 * than 15.9. Unlike `loss` it knows no class weights.
 */
export function createLogLoss(context: MetricContext): Metric {
  const width = outputWidth(context);
  const mean = new Mean();
  return {
    add: (rows) =>
      forEachRow(rows, (row, target) => {
        const nats = negativeLogLikelihood(rows.outputs, row, width, target);
        mean.add(Math.min(Math.max(nats, SMALLEST), LARGEST));
      }),
    value: () => mean.value(),
  };
}
