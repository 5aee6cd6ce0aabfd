import { Mean } from "./mean.ts";
import type { Metric } from "./metric.ts";
import type { MetricContext } from "./metricContext.ts";
import { forEachRow } from "./outputRows.ts";

/** The root of the mean squared difference between output and target, in the target's own unit. */
export function createRmse({ stddev = 1 }: MetricContext): Metric {
  const squares = new Mean();
  return {
    add: (rows) => forEachRow(rows, (row, target) => squares.add((rows.outputs[row]! - target) ** 2)),
    value: () => scaled(squares.value(), (mean) => stddev * Math.sqrt(mean)),
  };
}

/** The mean absolute difference between output and target, in the target's own unit. */
export function createMae({ stddev = 1 }: MetricContext): Metric {
  const distances = new Mean();
  return {
    add: (rows) => forEachRow(rows, (row, target) => distances.add(Math.abs(rows.outputs[row]! - target))),
    value: () => scaled(distances.value(), (mean) => stddev * mean),
  };
}

function scaled(mean: number | undefined, scale: (mean: number) => number): number | undefined {
  return mean === undefined ? undefined : Math.min(scale(mean), Number.MAX_VALUE);
}
