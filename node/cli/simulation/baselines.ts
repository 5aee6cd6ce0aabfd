import { concatExamples, type Dataset } from "../../data/dataset.ts";
import { openTrainer } from "../../daemon/adapters.ts";
import { planOf, type JobSpec } from "../../daemon/jobSpec.ts";
import type { Model } from "../../training/models/model.ts";
import type { ReportBaselines } from "../../dashboard/reportData.ts";
import type { FederationData } from "./data.ts";
import { behaviourOf, type SimulationSettings } from "./settings.ts";

/**
 * What the federation is compared with: the same model, trained for as many local epochs with the same settings, on all
 * honest participants' training examples together, and on each one's alone.
 * @param ejected participants that were proven at fault: they are not honest, and the federation has lost their data
 */
export async function measureBaselines(
  settings: SimulationSettings,
  spec: JobSpec,
  model: Model,
  data: FederationData,
  names: readonly string[],
  ejected: readonly number[] = [],
): Promise<ReportBaselines> {
  const honest = data.holdings.flatMap((holding, index) =>
    behaviourOf(settings, index) === "honest" && !ejected.includes(index) ? [{ index, holding }] : [],
  );
  const trainer = openTrainer(model, { examples: data.test.count, shared: true });
  const accuracyOf = async (examples: Dataset, seed: number): Promise<number> => {
    let params = trainer.initialParams(spec.seed);
    for (let round = 1; round <= spec.rounds; round++) {
      ({ params } = await trainer.train({
        params,
        examples,
        plan: planOf(spec, round),
        seed: [settings.seed, seed, round],
      }));
    }
    return (await trainer.evaluate(params, data.test, { metrics: ["accuracy"] })).metrics.accuracy ?? 0;
  };
  try {
    const alone: { name: string; accuracy: number }[] = [];
    for (const { index, holding } of honest) {
      alone.push({ name: names[index] as string, accuracy: await accuracyOf(holding.train, index) });
    }
    const aloneMeanAccuracy = alone.reduce((sum, { accuracy }) => sum + accuracy, 0) / Math.max(1, alone.length);
    const centralAccuracy = await accuracyOf(
      concatExamples(honest.map(({ holding }) => holding.train) as [Dataset, ...Dataset[]]),
      data.holdings.length,
    );
    return { centralAccuracy, alone, aloneMeanAccuracy };
  } finally {
    await trainer.close();
  }
}
