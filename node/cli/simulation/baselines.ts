import { PacelineError } from "../../core/errors.ts";
import { openTrainer } from "../../daemon/adapters.ts";
import { evaluationOf } from "../../daemon/job/evaluation.ts";
import { planOf } from "../../daemon/job/jobSpec.ts";
import { concatExamples, type Dataset } from "../../data/dataset.ts";
import type { ReportBaselines } from "../../dashboard/reportData.ts";
import type { Federation } from "./federation.ts";
import { behaviourOf } from "./settings.ts";

/**
 * What the federation is compared with: the same model, trained for as many rounds with the same settings, on all honest
 * participants' training examples together, and on each one's alone.
 * @param ejected participants that were proven at fault: they are not honest, and the federation has lost their data
 */
export async function measureBaselines(
  { accounts, data, model, settings, spec }: Omit<Federation, "run">,
  ejected: readonly number[] = [],
): Promise<ReportBaselines> {
  const honest = data.holdings.flatMap(({ train }, index) =>
    behaviourOf(settings, index) === "honest" && !ejected.includes(index) ? [{ index, train }] : [],
  );
  const trainer = await openTrainer(model, { examples: data.test.count, place: "shared" });
  const request = evaluationOf(spec, model);
  /** Undefined where the metric has no value on the test set, or the training diverges. */
  const valueOf = async (examples: Dataset, seed: number): Promise<number | undefined> => {
    try {
      return await trainedValue(examples, seed);
    } catch (error) {
      if (error instanceof PacelineError && error.code === "diverged") return undefined;
      throw error;
    }
  };
  const trainedValue = async (examples: Dataset, seed: number): Promise<number | undefined> => {
    let params = trainer.initialParams(spec.seed);
    for (let round = 1; round <= spec.rounds; round++) {
      const trained = await trainer.train({
        params,
        examples,
        plan: planOf(spec, round),
        seed: [settings.seed, seed, round],
      });
      params = trained.params;
    }
    const { metrics } = await trainer.evaluate(params, data.test, request);
    return metrics[request.metrics[0]];
  };
  try {
    const alone: { name: string; value: number }[] = [];
    for (const { index, train } of honest) {
      const value = await valueOf(train, index);
      if (value !== undefined) alone.push({ name: accounts[index]?.name ?? `${index}`, value });
    }
    const together = concatExamples(honest.map(({ train }) => train) as [Dataset, ...Dataset[]]);
    const central = await valueOf(together, data.holdings.length);
    const aloneMean = alone.reduce((sum, { value }) => sum + value, 0) / alone.length;
    return {
      alone,
      ...(central === undefined ? {} : { central }),
      ...(alone.length === 0 ? {} : { aloneMean }),
    };
  } finally {
    await trainer.close();
  }
}
