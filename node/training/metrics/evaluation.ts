import { type ConfusionMatrix, createConfusion } from "./confusion.ts";
import { createUncheckedMetric } from "./createMetric.ts";
import type { MetricName } from "./metric.ts";
import type { MetricContext } from "./metricContext.ts";
import { type OutputRows, rowChecker } from "./outputRows.ts";

export interface EvaluationOptions extends MetricContext {
  readonly metrics: readonly MetricName[];
  readonly confusion?: boolean;
}

export interface EvaluationResult {
  /** Rows that counted. */
  readonly count: number;
  /** The metric of that name, always worked out; left out where it is undefined. */
  readonly loss?: number;
  /** Those that were asked for and are defined. */
  readonly metrics: Partial<Record<MetricName, number>>;
  /** Those that were asked for and have no value on these rows (`METRIC_TRAITS` says when). */
  readonly undefinedMetrics: readonly MetricName[];
  readonly confusion?: ConfusionMatrix;
}

export interface Evaluator {
  /** The next chunk of rows, in order. */
  add(rows: OutputRows): void;
  /** Of all rows so far. */
  result(): EvaluationResult;
}

/**
 * Loss and metrics of a model over a set that comes in chunks.
 * @throws PacelineError `bad-input` where a metric does not fit the model, `unsupported` where a confusion matrix does not
 */
export function createEvaluation({
  metrics: names,
  confusion: wanted = false,
  ...context
}: EvaluationOptions): Evaluator {
  const check = rowChecker(context);
  const metrics = new Map(
    [...new Set<MetricName>(["loss", ...names])].map((name) => [name, createUncheckedMetric(name, context)]),
  );
  const confusion = wanted ? createConfusion(context) : undefined;
  let count = 0;
  return {
    add(rows) {
      count += check(rows);
      for (const metric of metrics.values()) metric.add(rows);
      confusion?.add(rows);
    },
    result() {
      const values = new Map([...metrics].map(([name, metric]) => [name, metric.value()]));
      const loss = values.get("loss");
      const defined = names.flatMap((name) => {
        const value = values.get(name);
        return value === undefined ? [] : [[name, value] as const];
      });
      return {
        count,
        ...(loss === undefined ? {} : { loss }),
        metrics: Object.fromEntries(defined),
        undefinedMetrics: names.filter((name) => values.get(name) === undefined),
        ...(confusion === undefined ? {} : { confusion: confusion.matrix() }),
      };
    },
  };
}
