import type { Task } from "./metricContext.ts";
import type { OutputRows } from "./outputRows.ts";

/** How good a model is, by name. One file each says how it is worked out, and from where the rule is. */

export const METRIC_NAMES = [
  "loss",
  "accuracy",
  "macro-f1",
  "entity-f1",
  "auc",
  "log-loss",
  "rmse",
  "mae",
  "perplexity",
] as const;

export type MetricName = (typeof METRIC_NAMES)[number];

export interface MetricTraits {
  readonly better: "higher" | "lower";
  /** A metric fits a model that does any of these. */
  readonly fits: readonly Task[];
  /** When there is no value, although rows were counted. */
  readonly undefinedWhen?: string;
}

export const METRIC_TRAITS: Readonly<Record<MetricName, MetricTraits>> = {
  loss: {
    better: "lower",
    fits: ["classes", "binary", "real"],
    undefinedWhen: "the class weights of all targets are 0",
  },
  accuracy: { better: "higher", fits: ["classes", "binary"] },
  "macro-f1": { better: "higher", fits: ["classes", "binary"] },
  "entity-f1": { better: "higher", fits: ["tags"] },
  auc: { better: "higher", fits: ["binary"], undefinedWhen: "all targets are of one class" },
  "log-loss": { better: "lower", fits: ["classes", "binary"] },
  rmse: { better: "lower", fits: ["real"] },
  mae: { better: "lower", fits: ["real"] },
  perplexity: { better: "lower", fits: ["classes"] },
};

/** Takes a set in chunks of any size, in order; what it keeps does not grow with them, except for `auc` (8 to 16 bytes a row). */
export interface Metric {
  add(rows: OutputRows): void;
  /** Of all rows so far; never NaN or infinite. Undefined where no row was counted, and as `undefinedWhen` says. */
  value(): number | undefined;
}
