import { dirname } from "node:path";
import type { Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import type { Storage } from "../../storage/storage.ts";
import type { ModelOrigin } from "../../training/formats/fileModel.ts";
import { isFileModel } from "../../training/formats/fileModelSpec.ts";
import type { Provenance } from "../../training/formats/provenance.ts";
import { type Model, parameterCount } from "../../training/models/model.ts";
import { openParticipantStorage } from "../adapters.ts";
import { agreedContract } from "./federatedFit.ts";
import { loadModel } from "../model/keptModels.ts";
import { jobFolder, type Home } from "../home/home.ts";
import { openJobFile } from "../job/jobFile.ts";
import type { JobSpec } from "../job/jobSpec.ts";
import { openModelFile } from "../job/modelFiles.ts";

/** A job's model as a participant has it on its disk, with its params. */
export interface TrainedModel {
  /** With the contract complete, also where the federation agreed on it. */
  readonly spec: JobSpec;
  readonly model: Model;
  /** Where the model came from a file. */
  readonly origin: ModelOrigin | undefined;
  readonly params: Float32Array;
  readonly provenance: Provenance;
}

/**
 * The newest checkpoint of the home's job.
 * @param file the job file; the home's by default
 * @throws PacelineError `not-found` where the home has no job, or has not trained it yet; `bad-input` where the job file is of another
 * model
 */
export async function openTrainedModel(home: Home, file = home.job?.file): Promise<TrainedModel> {
  const { job } = home;
  const { deployment } = home.config;
  if (job === undefined || deployment === undefined || file === undefined)
    throw new PacelineError(
      "not-found",
      `the home ${home.folder} has no job, or does not know its file: give --job-file FILE, or join a job`,
    );
  const { spec, model } = openJobFile(file);
  const storage = await openRecords(home, deployment.chainId, job.address);
  try {
    const checkpoint = await loadModel(storage);
    if (checkpoint === undefined) throw noModel(home, job.address);
    const { params, updates: round, modelId } = checkpoint;
    const provenance = { round, job: `eip155:${deployment.chainId}:${job.address}`, modelId };
    return { ...cut(file, spec, model, params), model, origin: originOf(spec, file), provenance };
  } finally {
    storage.close();
  }
}

/** Of a job that the home's daemon may be at work on. */
async function openRecords(home: Home, chainId: number, job: Address): Promise<Storage> {
  try {
    return await openParticipantStorage(jobFolder(home.folder, chainId, job), "read");
  } catch (error) {
    if (error instanceof PacelineError && error.code === "not-found") throw noModel(home, job);
    throw error;
  }
}

function noModel({ folder }: Home, job: Address): PacelineError {
  return new PacelineError("not-found", `the home ${folder} has no model of job ${job} yet`);
}

function originOf({ model }: { readonly model: { readonly kind: string } }, file: string): ModelOrigin | undefined {
  return isFileModel(model) ? openModelFile(model, dirname(file)).origin : undefined;
}

/** The model's params, and the contract with what may stand behind them. */
function cut(file: string, spec: JobSpec, model: Model, vector: Float32Array): Pick<TrainedModel, "spec" | "params"> {
  const count = parameterCount(model);
  const params = vector.slice(0, count);
  if (spec.data.fit !== "federated") {
    if (vector.length === count) return { spec, params };
    throw new PacelineError(
      "bad-input",
      `${file} is of another job: its model has ${count} parameters, the home's ${vector.length}`,
    );
  }
  const contract = agreedContract(spec, vector.subarray(count));
  if (contract === undefined)
    throw new PacelineError("not-found", "the federation has not agreed on its preprocessing yet: wait for a round");
  return { spec: { ...spec, data: { ...spec.data, contract } }, params };
}
