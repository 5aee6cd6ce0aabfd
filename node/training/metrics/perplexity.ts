import { negativeLogLikelihood } from "./logSoftmax.ts";
import { Mean } from "./mean.ts";
import type { Metric } from "./metric.ts";
import { type MetricContext, outputWidth } from "./metricContext.ts";
import { forEachRow } from "./outputRows.ts";

/**
 * e to the mean cross-entropy in nats: the number of equally likely symbols that would be as hard to tell (Jelinek et al.,
 * "Perplexity: a measure of the difficulty of speech recognition tasks", 1977). Symbols weigh alike. What is above the
 * largest double is reported as that.
 */
export function createPerplexity(context: MetricContext): Metric {
  const width = outputWidth(context);
  const nats = new Mean();
  return {
    add: (rows) => forEachRow(rows, (row, target) => nats.add(negativeLogLikelihood(rows.outputs, row, width, target))),
    value: () => {
      const mean = nats.value();
      return mean === undefined ? undefined : Math.min(Math.exp(mean), Number.MAX_VALUE);
    },
  };
}
