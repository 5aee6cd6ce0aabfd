import type { DataContract } from "../../data/contract.ts";
import type { MetricName } from "../../training/metrics/metric.ts";
import type { EvaluationResult } from "../../training/metrics/evaluation.ts";
import type { Model } from "../../training/models/model.ts";
import type { EvaluationRequest } from "../../training/trainer.ts";
import type { JobSpec } from "./jobSpec.ts";

/** An evaluation with one metric at least. */
export interface JobEvaluation extends EvaluationRequest {
  /** What the model is judged by comes first. */
  readonly metrics: readonly [MetricName, ...MetricName[]];
}

/** What is told of a job's model on somebody's examples: the job's metrics, or the usual one of its task. */
export function evaluationOf({ task, data }: JobSpec, model: Model): JobEvaluation {
  const stddev = targetStddev(data.contract);
  const tagNames = tagNamesOf(data.contract, model);
  const [first = usualMetric(model), ...others] = task.metrics ?? [];
  return {
    metrics: [first, ...others],
    ...(stddev === undefined ? {} : { stddev }),
    ...(tagNames === undefined ? {} : { tagNames }),
  };
}

function usualMetric({ loss }: Model): MetricName {
  return loss.kind === "mean-squared-error" ? "rmse" : "accuracy";
}

/** Of standardised targets, so that errors come out in the targets' own unit. */
function targetStddev(contract: DataContract): number | undefined {
  return contract.kind === "table" && contract.label.type === "number" && contract.label.scale === "standardise"
    ? contract.label.stddev
    : undefined;
}

/** Undefined where the model tells more classes than there are tags. */
function tagNamesOf(contract: DataContract, { targets }: Model): readonly string[] | undefined {
  return contract.kind === "tags" && contract.tags?.length === targets.classes ? contract.tags : undefined;
}

/** Shares in per cent, everything else as a number. */
export function evaluationText({ loss, metrics }: Pick<EvaluationResult, "loss" | "metrics">): string {
  const parts = (Object.entries(metrics) as [MetricName, number][]).map(
    ([name, value]) => `${name} ${isShare(name) ? `${(100 * value).toFixed(1)} %` : value.toFixed(4)}`,
  );
  return [...parts, ...(loss === undefined ? [] : [`loss ${loss.toFixed(4)}`])].join(", ");
}

/** Whether a metric is a share of something, which people write in per cent. */
export function isShare(name: MetricName): boolean {
  return SHARES.has(name);
}

const SHARES: ReadonlySet<MetricName> = new Set(["accuracy", "macro-f1", "entity-f1"]);
