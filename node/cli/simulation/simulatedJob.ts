import { requireFit } from "../../daemon/job/jobFile.ts";
import { completeContract } from "../../daemon/job/jobFit.ts";
import { openJobModel } from "../../daemon/job/jobModel.ts";
import type { JobSpec } from "../../daemon/job/jobSpec.ts";
import { exampleShape, type DataContract } from "../../data/contract.ts";
import { proposeContract } from "../../data/propose.ts";
import { parseColumn } from "../../data/table/infer.ts";
import type { Model } from "../../training/models/model.ts";
import { fitFederationData, loadFederationData, type FederationData } from "./data.ts";
import { asSimulated, simulationJob, type SimulationSettings } from "./settings.ts";
import { modelSpecOf } from "./simulatedModel.ts";

export interface SimulatedSpec {
  readonly spec: JobSpec;
  readonly model: Model;
}

/** What a simulated federation works on. */
export interface SimulatedJob extends SimulatedSpec {
  readonly data: FederationData;
}

/** @throws PacelineError `bad-input` where job, model and data do not fit each other */
export async function openSimulatedJob(settings: SimulationSettings): Promise<SimulatedJob> {
  const { spec, model } = await openSimulatedSpec(settings);
  return { spec, model, data: fitFederationData(await loadFederationData(settings, spec.data.contract), model) };
}

/** The same without anybody's examples. */
export async function openSimulatedSpec(settings: SimulationSettings): Promise<SimulatedSpec> {
  const contract = await contractOf(settings);
  const { job } = settings;
  const spec =
    job === undefined
      ? simulationJob(settings, modelSpecOf(settings, exampleShape(contract)), contract)
      : asSimulated(settings, job, contract);
  const model = openJobModel(spec.model, job?.folder ?? ".", spec.task.classWeights);
  requireFit(spec, model);
  return { spec, model };
}

/** What a job leaves open is fitted to the very data. */
async function contractOf({ job, data, label, target, ignore }: SimulationSettings): Promise<DataContract> {
  if (job === undefined) {
    return proposeContract(data, {
      ...(label === undefined ? {} : { label: parseColumn(label) }),
      labelType: target,
      ignore: ignore.map(parseColumn),
    });
  }
  return completeContract(data, job.spec.data.contract);
}
