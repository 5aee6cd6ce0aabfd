import { PacelineError } from "../../core/errors.ts";
import { createAccuracy } from "./accuracy.ts";
import { createAuc } from "./auc.ts";
import { createEntityF1 } from "./entityF1.ts";
import { createLogLoss } from "./logLoss.ts";
import { createLoss } from "./loss.ts";
import { createMacroF1 } from "./macroF1.ts";
import { type Metric, METRIC_TRAITS, type MetricName } from "./metric.ts";
import { type MetricContext, tasksOf } from "./metricContext.ts";
import { rowChecker } from "./outputRows.ts";
import { createPerplexity } from "./perplexity.ts";
import { createMae, createRmse } from "./regression.ts";

const FACTORIES: Readonly<Record<MetricName, (context: MetricContext) => Metric>> = {
  loss: createLoss,
  accuracy: createAccuracy,
  "macro-f1": createMacroF1,
  "entity-f1": createEntityF1,
  auc: createAuc,
  "log-loss": createLogLoss,
  rmse: createRmse,
  mae: createMae,
  perplexity: createPerplexity,
};

/**
 * A metric that checks each chunk it gets (outputRows.ts).
 * @throws PacelineError `bad-input` where the metric does not fit the model
 */
export function createMetric(name: MetricName, context: MetricContext): Metric {
  const metric = createUncheckedMetric(name, context);
  const check = rowChecker(context);
  return {
    add: (rows) => {
      check(rows);
      metric.add(rows);
    },
    value: () => metric.value(),
  };
}

/** For rows that were checked already; the context is checked here. */
export function createUncheckedMetric(name: MetricName, context: MetricContext): Metric {
  checkContext(context);
  checkFit(name, context);
  return FACTORIES[name](context);
}

/**
 * Whether a metric can be worked out for a model.
 * @throws PacelineError `bad-input` saying what the metric is for
 */
export function checkFit(name: MetricName, context: MetricContext): void {
  const tasks = tasksOf(context);
  const { fits } = METRIC_TRAITS[name];
  if (fits.some((task) => tasks.includes(task))) return;
  throw new PacelineError(
    "bad-input",
    `metric "${name}" is for ${fits.join(" or ")}; the model's outputs (${context.loss.kind}) are for ${tasks.join(", ")}`,
  );
}

function checkContext({ loss, classes, tagNames, stddev }: MetricContext): void {
  const refuse = (what: string): never => {
    throw new PacelineError("bad-argument", what);
  };
  if (loss.kind === "softmax-cross-entropy") {
    if (!(Number.isInteger(classes) && classes >= 2)) refuse(`a softmax has 2 classes or more, got ${classes}`);
    if (loss.classWeights !== undefined && loss.classWeights.length !== classes)
      refuse(`${loss.classWeights.length} class weights for ${classes} classes`);
    if (loss.classWeights?.some((weight) => !(weight >= 0 && weight < Infinity)) === true)
      refuse("class weights are finite and not below 0");
    if (tagNames !== undefined && tagNames.length !== classes)
      refuse(`${tagNames.length} tag names for ${classes} classes`);
  }
  if (stddev !== undefined && !(stddev > 0 && stddev < Infinity))
    refuse(`the standard deviation of a target is above 0, got ${stddev}`);
}
