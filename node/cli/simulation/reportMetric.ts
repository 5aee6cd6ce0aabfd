import { evaluationOf, isShare } from "../../daemon/job/evaluation.ts";
import type { JobSpec } from "../../daemon/job/jobSpec.ts";
import type { ReportMetric } from "../../dashboard/reportData.ts";
import { METRIC_TRAITS } from "../../training/metrics/metric.ts";
import type { Model } from "../../training/models/model.ts";

/** What a federation's models are judged by: the first of the job's metrics. */
export function reportMetric(spec: JobSpec, model: Model): ReportMetric {
  const [name] = evaluationOf(spec, model).metrics;
  return { name, better: METRIC_TRAITS[name].better, isShare: isShare(name) };
}
