import type { Metric } from "./metric.ts";
import { type MetricContext, outputWidth } from "./metricContext.ts";
import { forEachRow } from "./outputRows.ts";

/**
 * The area under the ROC curve: the probability that a row of class 1 scores above one of class 0, ties counting half. Worked
 * out from ranks (Mann and Whitney, 1947; Hanley and McNeil, "The meaning and use of the area under a ROC curve", 1982). The
 * score is the logit, or of two logits their difference. It cannot be put together from parts, so all scores are kept, 8 to 16
 * bytes a row.
 */
export function createAuc(context: MetricContext): Metric {
  const width = outputWidth(context);
  const scores = [new Scores(), new Scores()] as const;
  return {
    add: (rows) =>
      forEachRow(rows, (row, target) => {
        const { outputs } = rows;
        const score = width === 1 ? outputs[row]! : outputs[2 * row + 1]! - outputs[2 * row]!;
        scores[target as 0 | 1].push(score);
      }),
    value: () => areaUnderCurve(scores[1].sorted(), scores[0].sorted()),
  };
}

/** Undefined where there is no pair to compare. Both ascending. */
function areaUnderCurve(positives: Float64Array, negatives: Float64Array): number | undefined {
  if (positives.length === 0 || negatives.length === 0) return undefined;
  let below = 0;
  let notAbove = 0;
  let won = 0;
  for (const score of positives) {
    while (below < negatives.length && negatives[below]! < score) below++;
    while (notAbove < negatives.length && negatives[notAbove]! <= score) notAbove++;
    won += (below + notAbove) / 2;
  }
  return won / (positives.length * negatives.length);
}

/** Doubles that may become many. */
class Scores {
  #values = new Float64Array(1024);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  sorted(): Float64Array {
    return this.#values.subarray(0, this.#length).sort();
  }
}
