import type { DataContract } from "../data/contract.ts";
import type { MetricName } from "../training/metrics/metric.ts";
import type { EvaluationResult } from "../training/metrics/evaluation.ts";
import type { Model } from "../training/models/model.ts";
import type { EvaluationRequest } from "../training/trainer.ts";
import type { JobSpec } from "./jobSpec.ts";

/** What is told of a job's model on somebody's examples: the job's metrics, or the usual one of its task. */
export function evaluationOf({ task, data }: JobSpec, model: Model): EvaluationRequest {
  const stddev = targetStddev(data.contract);
  return {
    metrics: task.metrics ?? [usualMetric(model)],
    ...(stddev === undefined ? {} : { stddev }),
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

/** Shares in per cent, everything else as a number. */
export function evaluationText({ loss, metrics }: Pick<EvaluationResult, "loss" | "metrics">): string {
  const parts = (Object.entries(metrics) as [MetricName, number][]).map(
    ([name, value]) => `${name} ${SHARES.has(name) ? `${(100 * value).toFixed(1)} %` : value.toFixed(4)}`,
  );
  return [...parts, ...(loss === undefined ? [] : [`loss ${loss.toFixed(4)}`])].join(", ");
}

const SHARES: ReadonlySet<MetricName> = new Set(["accuracy", "macro-f1", "entity-f1"]);
